import { logger } from '../../observability/logger.ts';
import type { Auth0Http } from './http.ts';
import { unexpectedRefusal } from './refusal.ts';

/** POST /dbconnections/change_password: Auth0 sends the mail. A refusal is logged, as the answer must tell nothing. */
export async function changePassword(
  http: Auth0Http,
  email: string,
  { clientId, connection }: { clientId: string; connection: string },
): Promise<void> {
  const response = await http({
    method: 'POST',
    path: 'dbconnections/change_password',
    body: { client_id: clientId, connection, email },
  });
  if (response.status >= 300) {
    logger.warn('no password mail was sent', { error: unexpectedRefusal('a password reset', response) });
  }
}
