import * as z from 'zod';
import type { ManagementClient } from './management-client.ts';

/** Told of every change that is made. */
export type Note = (line: string) => void;

const trigger = 'post-login';
const actionName = 'Add role claim';
const buildPolls = 30;
const anything = z.unknown();

const action = z.looseObject({
  id: z.string(),
  name: z.string(),
  status: z.string().optional(),
  code: z.string().optional(),
  deployed_version: z.looseObject({ code: z.string().optional() }).nullish(),
});

/** Uploads and deploys the Action if its code is not the one that runs. @returns its id */
export async function deployAction(
  api: ManagementClient,
  code: string,
  wait: (milliseconds: number) => Promise<unknown>,
  note: Note,
): Promise<string> {
  const wanted = { code, runtime: 'node22', supported_triggers: [{ id: trigger, version: 'v3' }] };
  const query = new URLSearchParams({ triggerId: trigger, actionName });
  const { actions } = await api.send(
    'GET',
    `actions/actions?${query}`,
    z.object({ actions: z.array(action) }),
  );
  let found = actions.find(({ name }) => name === actionName);
  if (!found) {
    found = await api.send('POST', 'actions/actions', action, { name: actionName, ...wanted });
    note('made the Action');
  } else if (found.code !== code) {
    found = await api.send('PATCH', `actions/actions/${found.id}`, action, wanted);
    note('changed the Action');
  }
  if (found.deployed_version?.code !== code) {
    await untilBuilt(api, found.id, wait);
    await api.send('POST', `actions/actions/${found.id}/deploy`, anything);
    note('deployed the Action');
  }
  return found.id;
}

/** A draft can be deployed only once Auth0 has built it. */
async function untilBuilt(
  api: ManagementClient,
  id: string,
  wait: (milliseconds: number) => Promise<unknown>,
): Promise<void> {
  for (let poll = 0; poll < buildPolls; poll += 1) {
    const { status } = await api.send('GET', `actions/actions/${id}`, action);
    if (status === 'built') return;
    if (status === 'failed') throw new Error('Auth0 could not build the Action');
    await wait(1000);
  }
  throw new Error('Auth0 has not built the Action in time; run the setup again');
}

/** The list is replaced as a whole, so what others have bound is sent back in its order. */
export async function bindAction(api: ManagementClient, actionId: string, note: Note): Promise<void> {
  const binding = z.looseObject({
    id: z.string(),
    display_name: z.string().optional(),
    action: z.looseObject({ id: z.string() }).optional(),
  });
  const path = `actions/triggers/${trigger}/bindings`;
  const { bindings } = await api.send('GET', path, z.object({ bindings: z.array(binding) }));
  if (bindings.some((bound) => bound.action?.id === actionId)) return;
  const kept = bindings.map(({ id, display_name }) => ({
    ref: { type: 'binding_id', value: id },
    ...(display_name === undefined ? {} : { display_name }),
  }));
  const ours = { ref: { type: 'action_id', value: actionId }, display_name: actionName };
  await api.send('PATCH', path, anything, { bindings: [...kept, ours] });
  note('bound the Action to the login');
}
