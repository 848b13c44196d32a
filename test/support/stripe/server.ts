import { createServer } from 'node:http';
import type { StripeRequest, StripeResponse } from './account.ts';
import type { StripeDouble } from './double.ts';
import { errorAnswer } from './idempotency.ts';

/**
 * What happens to a request on its way: `lose-answer` does the work and drops the connection, `lose-request`
 * drops it before, `hold` does neither until it is released, a number answers with that status and does nothing.
 */
export type StripeFault = 'lose-answer' | 'lose-request' | 'hold' | number;

export interface HeldRequest {
  readonly request: StripeRequest;
  /** Lets the request arrive after all; its answer finds nobody. */
  land(): StripeResponse;
}

/** The double behind a port. `fault` decides each request's fate; undefined lets it through. */
export async function startStripeServer(
  double: StripeDouble,
  fault: (request: StripeRequest) => StripeFault | undefined = () => undefined,
) {
  const held: HeldRequest[] = [];
  let decide = fault;
  const server = createServer(async (incoming, response) => {
    let body = '';
    for await (const chunk of incoming) body += chunk;
    const headers = Object.fromEntries(
      Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
    );
    const request = { method: incoming.method ?? '', path: incoming.url ?? '', headers, body };
    const met = decide(request);
    if (met === 'lose-request') return void response.destroy();
    if (met === 'hold') return void held.push({ request, land: () => double.handle(request) });
    const answer =
      typeof met === 'number'
        ? errorAnswer(met, { type: 'api_error', message: 'on purpose' })
        : double.handle(request);
    if (met === 'lose-answer') return void response.destroy();
    response.writeHead(answer.status, answer.headers).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    host: '127.0.0.1',
    port: address.port,
    url: `http://127.0.0.1:${address.port}`,
    held,
    /** Replaces the faults from now on. */
    onRequest(next: typeof fault) {
      decide = next;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
