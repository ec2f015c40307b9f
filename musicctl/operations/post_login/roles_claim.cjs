// Managed by musicctl: "musicctl actions deploy" overwrites what is changed here.
//
// Replaces the Rule that put the listener's roles into the tokens: it copies
// app_metadata.roles into a claim of the ID token and of the access token.
// Auth0 drops a claim called just "roles", so the name begins with a namespace.
const NAMESPACE = "claim_namespace";

// As musicctl reads them: absent is no roles, a text is one role, and of a list
// that holds anything but texts nobody can tell what it grants: it is no roles.
function read(roles) {
  if (typeof roles === "string") return [roles];
  const readable = Array.isArray(roles) && roles.every((role) => typeof role === "string");
  return readable ? roles : [];
}

exports.onExecutePostLogin = async (event, api) => {
  const roles = read(event.user.app_metadata?.roles);
  api.idToken.setCustomClaim(`${NAMESPACE}/roles`, roles);
  api.accessToken.setCustomClaim(`${NAMESPACE}/roles`, roles);
};
