// Runs each case of a JSON array on standard input, an Action's code and an event, and prints what it did.
const { readFileSync } = require("node:fs");

async function run({ code, event }) {
  const module = { exports: {} };
  new Function("module", "exports", "require", code)(module, module.exports, require);
  const did = { idToken: {}, accessToken: {}, user: {} };
  const claims = (token) => ({ setCustomClaim: (name, value) => (did[token][name] = value) });
  await module.exports.onExecutePostLogin(event, {
    idToken: claims("idToken"),
    accessToken: claims("accessToken"),
    user: { setUserMetadata: (name, value) => (did.user[name] = value) },
  });
  return did;
}

Promise.all(JSON.parse(readFileSync(0, "utf-8")).map(run)).then((all) => console.log(JSON.stringify(all)));
