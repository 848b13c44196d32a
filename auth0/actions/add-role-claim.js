/**
 * Post-login Action: puts the role of our user records into the access token. Signup leaves no role, so who has
 * none is a Customer. The API compares the claim with its own record at every request; this is no second list.
 * Runs at Auth0 (CommonJS, Node 22); auth0/setup-tenant.ts uploads, deploys and binds it.
 */
const claim = 'https://storefront.dev/role';
const roles = ['Customer', 'Manager', 'Admin'];

/**
 * @param {Event} event
 * @param {PostLoginAPI} api
 */
exports.onExecutePostLogin = async (event, api) => {
  const { role } = event.user.app_metadata ?? {};
  api.accessToken.setCustomClaim(claim, roles.includes(role) ? role : 'Customer');
};
