import * as z from 'zod';
import { differs } from './differs.ts';
import type { ManagementClient } from './management-client.ts';
import type { Note } from './tenant-action.ts';

const anything = z.unknown();

/** The database connection that keeps the passwords, enabled for the application. */
export async function setUpConnection(
  api: ManagementClient,
  name: string,
  clientId: string,
  note: Note,
): Promise<void> {
  const wanted = {
    passwordPolicy: 'good',
    password_complexity_options: { min_length: 8 },
    brute_force_protection: true,
    disable_signup: false,
    // Usernames are ours: people log in by e-mail address alone.
    requires_username: false,
  };
  const connection = z.looseObject({
    id: z.string(),
    options: z.record(z.string(), z.unknown()).default({}),
  });
  const query = new URLSearchParams({ strategy: 'auth0', name });
  let [found] = await api.send('GET', `connections?${query}`, z.array(connection));
  if (!found) {
    const body = { name, strategy: 'auth0', options: wanted };
    found = await api.send('POST', 'connections', connection, body);
    note(`made the connection ${name}`);
  } else if (differs(found.options, wanted)) {
    // The API replaces all options at once, so those that are not ours are sent back.
    const options = { ...found.options, ...wanted };
    await api.send('PATCH', `connections/${found.id}`, anything, { options });
    note(`changed the connection ${name}`);
  }
  await enableConnection(api, found.id, clientId, note);
}

async function enableConnection(
  api: ManagementClient,
  connectionId: string,
  clientId: string,
  note: Note,
): Promise<void> {
  const page = z.object({
    clients: z.array(z.object({ client_id: z.string() })),
    next: z.string().optional(),
  });
  let from: string | undefined;
  do {
    const query = from === undefined ? '' : `?from=${encodeURIComponent(from)}`;
    const { clients, next } = await api.send('GET', `connections/${connectionId}/clients${query}`, page);
    if (clients.some((client) => client.client_id === clientId)) return;
    from = next;
  } while (from !== undefined);
  const enabled = [{ client_id: clientId, status: true }];
  await api.send('PATCH', `connections/${connectionId}/clients`, anything, enabled);
  note('enabled the connection for the application');
}
