// Managed by musicctl: "musicctl actions deploy" overwrites any edit.
//
// Replaces the Rule that gave the display name "user" to those without one:
// absent, blank, or no text at all. It writes at the first such login only.
exports.onExecutePostLogin = async (event, api) => {
  const name = event.user.user_metadata?.displayName;
  if (typeof name !== "string" || name.trim() === "") {
    api.user.setUserMetadata("displayName", "user");
  }
};
