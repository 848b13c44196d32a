import { recordUiEvents } from '../analytics/ui-events.ts';
import { etag } from '../api/etag.ts';
import { readPage } from '../api/list.ts';
import type { Operations } from '../api/route.ts';
import { addUserDetails } from './add-user-details.ts';
import { readUser } from './change-user.ts';
import { checkUserExists } from './check-user-exists.ts';
import { eraseUser } from './erase-user.ts';
import { exportUser } from './export-user.ts';
import { listUsers } from './list-users.ts';
import { loginUser } from './login-user.ts';
import { registerUser } from './register-user.ts';
import { accessLevel } from './roles.ts';
import { updateUser } from './update-user.ts';
import type { User } from './user.ts';
import type { UserPorts } from './user-ports.ts';
import type { userRoutes } from './user-routes.ts';

export interface UserSettings {
  /** Whether POST /user/exists may tell id and role. */
  readonly discloseIdentity: boolean;
}

/** The use case behind each row of the /user routes. */
export function createUserOperations(
  ports: UserPorts,
  settings: UserSettings,
): Operations<typeof userRoutes> {
  return {
    checkUserExists: async ({ body }) => ({
      body: await checkUserExists(body, settings.discloseIdentity, ports),
    }),
    registerUser: async (request) => {
      const userId = await registerUser(request.body, request, ports);
      return {
        body: { userId, status: 'created', role: 'Customer' },
        headers: { Location: `/user/${encodeURIComponent(userId)}` },
      };
    },
    loginUser: async (request) => ({ body: await loginUser(request.body, request, ports) }),
    requestPasswordReset: async ({ body }) => {
      await ports.identityProvider.requestPasswordReset(body.email);
      return { body: undefined };
    },
    getUser: async (request) => answer(await readUser(request.params.userId, request, ports)),
    updateUser: async (request) =>
      answer(await updateUser(request.params.userId, request.body, request, ports)),
    addUserDetails: async (request) =>
      answer(await addUserDetails(request.params.userId, request.body, request, ports)),
    listUsers: async ({ query }) => {
      const { items, ...next } = await listUsers(query, readPage(query), ports);
      return { body: { items: items.map(shown), ...next } };
    },
    eraseUser: async (request) => {
      await eraseUser(request.params.userId, request, ports);
      return { body: undefined };
    },
    exportUser: async (request) => ({ body: await exportUser(request.params.userId, request, ports) }),
    recordUiEvents: async ({ body, principal }) => ({
      body: { accepted: await recordUiEvents(body, principal?.userId, ports) },
    }),
  };
}

function answer(user: User) {
  return {
    body: shown(user),
    headers: { ETag: etag(user.version) },
  };
}

function shown(user: User) {
  return { ...user, accessLevel: accessLevel(user.role) };
}
