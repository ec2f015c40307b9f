// One call of Auth0's Node SDK for every endpoint that it has a method for, against a local tenant.
//
// node node_sdk_calls.cjs PACKAGE, with the tenant's address, the client's credentials and the names of what is
// in the tenant as JSON on standard input. Prints one JSON object: for each endpoint what the call returned, or
// the status of what it threw.

const { readFileSync } = require("node:fs");

const { ManagementClient } = require(process.argv[2]);
const given = JSON.parse(readFileSync(0, "utf8"));

// The SDK speaks https only; this is all that has to be changed for a server on loopback.
const plainly = (url, options) => fetch(String(url).replace(/^https:/, "http:"), options);

const client = new ManagementClient({
  domain: given.host,
  clientId: given.client_id,
  clientSecret: given.client_secret,
  audience: given.audience,
  fetch: plainly,
  maxRetries: 0,
});

const trigger = { id: "post-login", version: "v3" };
const all = async (page) => {
  const found = [];
  for await (const one of await page) found.push(one);
  return found;
};

const calls = {
  "GET /api/v2/users": () => all(client.users.list({ q: "email:ringo*", per_page: 1 })),
  "POST /api/v2/users": () =>
    client.users.create({
      connection: "Username-Password-Authentication",
      email: "paul@example.com",
      password: "bass-1942",
      user_id: "a/b",
    }),
  "GET /api/v2/users/*": () => client.users.get("auth0|a/b"),
  "PATCH /api/v2/users/*": () =>
    client.users.update("auth0|a/b", { app_metadata: { roles: ["x"] }, user_metadata: { displayName: "P ⭐" } }),
  "GET /api/v2/users-by-email": () => client.users.listUsersByEmail({ email: "paul@example.com" }),
  "DELETE /api/v2/users/*": () => client.users.delete("auth0|a/b"),
  "POST /api/v2/jobs/users-exports": () =>
    client.jobs.usersExports.create({ format: "json", fields: [{ name: "user_id" }] }),
  "GET /api/v2/jobs/*": () => client.jobs.get(given.job),
  "GET /api/v2/jobs/*/errors": () => client.jobs.errors.get(given.job),
  "GET /api/v2/actions/actions": () => all(client.actions.list({ triggerId: "post-login", per_page: 1 })),
  "POST /api/v2/actions/actions": () =>
    client.actions.create({ name: "new", supported_triggers: [trigger], code: "// new", runtime: "node22" }),
  "GET /api/v2/actions/actions/*": () => client.actions.get(given.running),
  "PATCH /api/v2/actions/actions/*": () => client.actions.update(given.draft, { code: "// newer" }),
  "POST /api/v2/actions/actions/*/deploy": () => client.actions.deploy(given.draft),
  "GET /api/v2/actions/actions/*/versions": () => all(client.actions.versions.list(given.running)),
  "GET /api/v2/actions/actions/*/versions/*": () => client.actions.versions.get(given.running, given.version),
  "GET /api/v2/actions/triggers": () => client.actions.triggers.list(),
  "PATCH /api/v2/actions/triggers/*/bindings": () =>
    client.actions.triggers.bindings.updateMany("post-login", {
      bindings: [
        { ref: { type: "binding_id", value: given.binding }, display_name: "first" },
        { ref: { type: "action_name", value: "draft" }, display_name: "second" },
      ],
    }),
  "GET /api/v2/actions/triggers/*/bindings": () => all(client.actions.triggers.bindings.list("post-login")),
  "DELETE /api/v2/actions/actions/*": () => client.actions.delete(given.draft, { force: true }),
  "GET /api/v2/rules": () => all(client.rules.list()),
  "GET /api/v2/rules/*": () => client.rules.get(given.rule),
  "POST /api/v2/rules": () => client.rules.create({ name: "new", script: "function () {}" }),
  "PATCH /api/v2/rules/*": () => client.rules.update(given.rule, { enabled: false }),
  "DELETE /api/v2/rules/*": () => client.rules.delete(given.rule),
  "GET /api/v2/users/* of nobody": () => client.users.get("auth0|nobody"),
};

(async () => {
  const results = {};
  for (const [name, call] of Object.entries(calls)) {
    try {
      results[name] = { returned: (await call()) ?? null };
    } catch (error) {
      results[name] = { thrown: error.statusCode ?? String(error), body: error.body ?? null };
    }
  }
  console.log(JSON.stringify(results));
})();
