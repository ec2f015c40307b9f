// Runs the post-login Actions of one login: a line of JSON comes in, a line of JSON goes out.
//
// They run in a worker, so that even an endless one cannot keep the main thread from noticing that whoever
// started us is gone: then standard input ends. What they print goes nowhere, and they see no environment.
"use strict";

const { isBuiltin } = require("node:module");
const vm = require("node:vm");
const { Worker, isMainThread, parentPort, workerData } = require("node:worker_threads");

const MOST_MEMORY = 256; // MiB

function main() {
  let text = "";
  process.stdin.setEncoding("utf8");
  process.stdin.on("end", () => process.exit(1));
  process.stdin.on("data", (chunk) => {
    text += chunk;
    if (text.endsWith("\n")) start(JSON.parse(text));
  });
}

function start(job) {
  const resourceLimits = { maxOldGenerationSizeMb: MOST_MEMORY };
  const options = { workerData: job, env: {}, stdout: true, stderr: true, resourceLimits };
  const worker = new Worker(__filename, options);
  let answered = false;
  const answer = (said) => {
    if (answered) return;
    answered = true;
    process.stdout.write(`${JSON.stringify(said)}\n`, () => process.exit());
  };
  worker.on("message", answer);
  worker.on("error", (error) => answer({ failed: reason(error) }));
  worker.on("exit", () => answer({ failed: "The Action ended without completing." }));
}

async function run({ actions, event }) {
  const asked = { id_token: own(), access_token: own(), app_metadata: own(), user_metadata: own() };
  try {
    for (const action of actions) {
      // Each sees the event as it was: what another has set shows at the next login.
      const seen = { ...structuredClone(event), secrets: action.secrets };
      await handler(action)(seen, makeApi(asked));
      if ("denied" in asked) break;
    }
  } catch (error) {
    asked.failed = reason(error);
  }
  parentPort.postMessage(asked);
}

function handler({ name, code }) {
  const loaded = { exports: {} };
  const compiled = vm.compileFunction(code, ["exports", "require", "module"], { filename: name });
  compiled(loaded.exports, requireBuiltin, loaded);
  const found = loaded.exports.onExecutePostLogin;
  if (typeof found !== "function") throw new Error(`The Action ${name} exports no onExecutePostLogin.`);
  return found;
}

function requireBuiltin(name) {
  if (!isBuiltin(name)) throw new Error(`The local tenant installs no npm modules, so there is no ${name}.`);
  return require(name);
}

function makeApi(asked) {
  const setter = (place) => (name, value) => {
    const text = JSON.stringify(value);
    if (text === undefined) throw new Error(`The value of ${name} cannot be written as JSON.`);
    asked[place][name] = JSON.parse(text);
    return api;
  };
  const deny = (why) => {
    asked.denied = String(why ?? "");
    return api;
  };
  const api = emulated("api", {
    access: emulated("api.access", { deny }),
    accessToken: emulated("api.accessToken", { setCustomClaim: setter("access_token") }),
    idToken: emulated("api.idToken", { setCustomClaim: setter("id_token") }),
    user: emulated("api.user", {
      setAppMetadata: setter("app_metadata"),
      setUserMetadata: setter("user_metadata"),
    }),
  });
  return api;
}

// Lets every other method be found, and say when it is called that it is Auth0's alone.
function emulated(path, known) {
  const get = (target, name) => {
    // An async function that returns this is asked for a `then`.
    if (name in target || typeof name === "symbol" || name === "then") return target[name];
    return missing(`${path}.${name}`);
  };
  return new Proxy(known, { get });
}

function missing(path) {
  const get = (_, name) => (typeof name === "symbol" ? undefined : missing(`${path}.${name}`));
  const apply = () => {
    throw new Error(`The local tenant does not emulate ${path}().`);
  };
  return new Proxy(() => {}, { get, apply });
}

function own() {
  return Object.create(null);
}

function reason(error) {
  return String(error?.message ?? error);
}

if (isMainThread) main();
else run(workerData);
