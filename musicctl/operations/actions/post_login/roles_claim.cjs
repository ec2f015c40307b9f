// Managed by musicctl: "musicctl actions deploy" overwrites any edit.
//
// Replaces the Rule that put the listener's roles into the tokens: it copies
// app_metadata.roles into a claim of the ID token and of the access token.
// Auth0 drops a claim called just "roles": the name begins with a namespace.
const NAMESPACE = "claim_namespace";

// As musicctl reads them: absent is no roles, a text is one role. Of a list
// that holds anything but texts nobody can tell what it grants: no roles.
function read(roles) {
  if (typeof roles === "string") return [roles];
  const isText = (role) => typeof role === "string";
  return Array.isArray(roles) && roles.every(isText) ? roles : [];
}

exports.onExecutePostLogin = async (event, api) => {
  const roles = read(event.user.app_metadata?.roles);
  api.idToken.setCustomClaim(`${NAMESPACE}/roles`, roles);
  api.accessToken.setCustomClaim(`${NAMESPACE}/roles`, roles);
};
