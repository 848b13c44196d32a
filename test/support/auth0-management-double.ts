import { createServer } from 'node:http';

type Json = Record<string, unknown>;

/** The Management endpoints that the setup calls, with as much of Auth0's behaviour as the setup must cope with. */
export async function startManagementDouble(token = 'management-token') {
  const state = {
    apis: [] as Json[],
    clients: [{ client_id: 'default', name: 'Default App' }] as Json[],
    grants: [] as Json[],
    connections: [] as Json[],
    enabled: new Map<string, string[]>(),
    actions: [] as Json[],
    bindings: [] as Json[],
  };
  const calls: string[] = [];
  /** Answers of these statuses come first, one a call. */
  const refusals: number[] = [];
  let made = 0;
  const id = (kind: string) => {
    made += 1;
    return `${kind}_${made}`;
  };
  const byId = (list: Json[], wanted: string | undefined) => list.find((item) => item.id === wanted);

  function route(method: string, url: URL, body: Json & unknown[]): [number, unknown] {
    const parts = url.pathname.replace('/api/v2/', '').split('/').map(decodeURIComponent);
    const [kind = '', key, sub] = parts;
    const param = (name: string) => url.searchParams.get(name);
    switch (`${method} ${kind}${key === undefined ? '' : '/:'}${sub === undefined ? '' : `/${sub}`}`) {
      case 'GET resource-servers/:': {
        const found = state.apis.find((api) => api.identifier === key || api.id === key);
        return found ? [200, found] : [404, { statusCode: 404, errorCode: 'inexistent_resource_server' }];
      }
      case 'POST resource-servers':
        return [201, push(state.apis, { id: id('api'), ...body })];
      case 'PATCH resource-servers/:':
        return [200, Object.assign(byId(state.apis, key) ?? {}, body)];
      case 'GET clients': {
        const [page, size] = [Number(param('page')), Number(param('per_page'))];
        return [200, state.clients.slice(page * size, (page + 1) * size)];
      }
      case 'POST clients':
        return [201, push(state.clients, { client_id: id('client'), client_secret: 'top-secret', ...body })];
      case 'PATCH clients/:':
        return [200, Object.assign(state.clients.find((client) => client.client_id === key) ?? {}, body)];
      case 'GET client-grants': {
        const fits = (grant: Json) =>
          grant.client_id === param('client_id') && grant.audience === param('audience');
        return [200, state.grants.filter(fits)];
      }
      case 'POST client-grants':
        return [201, push(state.grants, { id: id('grant'), ...body })];
      case 'PATCH client-grants/:':
        return [200, Object.assign(byId(state.grants, key) ?? {}, body)];
      case 'GET connections':
        return [200, state.connections.filter((connection) => connection.name === param('name'))];
      case 'POST connections':
        return [201, push(state.connections, { id: id('con'), ...body })];
      case 'PATCH connections/:':
        // Options are replaced, not merged.
        return [200, Object.assign(byId(state.connections, key) ?? {}, body)];
      case 'GET connections/:/clients': {
        const clients = (state.enabled.get(key ?? '') ?? []).map((client_id) => ({ client_id }));
        return [200, { clients }];
      }
      case 'PATCH connections/:/clients': {
        const ids = [...body].map((item) => String((item as Json).client_id));
        state.enabled.set(key ?? '', [...(state.enabled.get(key ?? '') ?? []), ...ids]);
        return [204, undefined];
      }
      default:
        return kind === 'actions' ? actions(method, parts, url, body) : [404, {}];
    }
  }

  function actions(method: string, parts: string[], url: URL, body: Json): [number, unknown] {
    const [, kind, key, sub] = parts;
    if (kind === 'triggers' && method === 'GET') return [200, { bindings: state.bindings }];
    if (kind === 'triggers') {
      const refs = body.bindings as { ref: { type: string; value: string }; display_name: string }[];
      state.bindings = refs.map(({ ref, display_name }) =>
        ref.type === 'binding_id'
          ? (byId(state.bindings, ref.value) ?? {})
          : { id: id('binding'), display_name, action: byId(state.actions, ref.value) },
      );
      return [200, { bindings: state.bindings }];
    }
    const action = byId(state.actions, key);
    if (method === 'GET' && key === undefined) {
      const wanted = url.searchParams.get('actionName') ?? '';
      // Auth0 finds by part of the name.
      return [200, { actions: state.actions.filter(({ name }) => String(name).includes(wanted)) }];
    }
    if (method === 'POST' && key === undefined) {
      return [201, push(state.actions, { id: id('action'), status: 'pending', ...body })];
    }
    if (!action) return [404, {}];
    if (sub === 'deploy') {
      if (action.status !== 'built') return [400, { errorCode: 'invalid_state', message: 'not built' }];
      action.deployed_version = { code: action.code };
      return [202, {}];
    }
    if (method === 'PATCH') return [200, Object.assign(action, body, { status: 'pending' })];
    const answer = { ...action };
    // Built by the time it is asked for again.
    action.status = 'built';
    return [200, answer];
  }

  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const { method = '', url = '' } = request;
    calls.push(`${method} ${url}`);
    const refusal = refusals.shift();
    const isKnown = request.headers.authorization === `Bearer ${token}`;
    const [status, answer] =
      refusal !== undefined
        ? [refusal, { statusCode: refusal, message: 'forced', errorCode: 'forced' }]
        : isKnown
          ? route(method, new URL(url, 'http://double'), text === '' ? {} : JSON.parse(text))
          : [401, { statusCode: 401, message: 'Invalid token', errorCode: 'invalid_token' }];
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(answer === undefined ? undefined : JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    tenant: `http://127.0.0.1:${port}/`,
    state,
    calls,
    refusals,
    writes: () => calls.filter((call) => !call.startsWith('GET')),
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}

function push(list: Json[], item: Json): Json {
  list.push(item);
  return item;
}
