import { Agent, createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';

/** Request units as DynamoDB charges them. */
export interface RequestUnits {
  readonly read: number;
  readonly write: number;
}

export interface CountingProxy {
  readonly endpoint: string;
  readonly calls: ReadonlyMap<string, number>;
  capacity(): number;
  /** The same, apart by what it was consumed for. */
  units(): RequestUnits;
  stop(): Promise<void>;
}

const capacitySchema = z.object({ CapacityUnits: z.number() });
const consumedSchema = z.looseObject({
  ConsumedCapacity: z.union([capacitySchema, z.array(capacitySchema)]).optional(),
});
const measured =
  /^(Get|Put|Update|Delete|BatchGet|BatchWrite|TransactGet|TransactWrite)Items?$|^(Query|Scan)$/;

const reads = /^(Get|BatchGet|TransactGet|Query|Scan)/;

/** Stands before a DynamoDB engine, counts the calls by operation and adds up the capacity they consume. */
export async function startCountingProxy(engine: string): Promise<CountingProxy> {
  const calls = new Map<string, number>();
  const units = { read: 0, write: 0 };
  const agent = new Agent({ keepAlive: true });

  const forward = (
    headers: IncomingHttpHeaders,
    body: Buffer,
  ): Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }> =>
    new Promise((resolve, reject) => {
      const outgoing = httpRequest(
        engine,
        { method: 'POST', agent, headers: { ...headers, 'content-length': body.length } },
        (response) => {
          collect(response).then(
            (answer) =>
              resolve({ status: response.statusCode ?? 500, headers: response.headers, body: answer }),
            reject,
          );
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });

  const server = createServer({ keepAliveTimeout: 60_000 }, async (incoming, response) => {
    try {
      const operation = String(incoming.headers['x-amz-target'] ?? '').replace(/^.*\./, '');
      calls.set(operation, (calls.get(operation) ?? 0) + 1);
      const body = await collect(incoming);
      const answer = await forward(incoming.headers, measured.test(operation) ? askCapacity(body) : body);
      units[reads.test(operation) ? 'read' : 'write'] += consumed(answer.body);
      response.writeHead(answer.status, answer.headers);
      response.end(answer.body);
    } catch {
      response.destroy();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The counting proxy has no port.');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    calls,
    capacity: () => units.read + units.write,
    units: () => ({ ...units }),
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
}

function askCapacity(body: Buffer): Buffer {
  const input = z.record(z.string(), z.unknown()).parse(JSON.parse(body.toString('utf8')));
  return Buffer.from(JSON.stringify({ ReturnConsumedCapacity: 'TOTAL', ...input }));
}

function consumed(body: Buffer): number {
  const parsed = consumedSchema.safeParse(JSON.parse(body.toString('utf8') || '{}'));
  const capacity = parsed.success ? parsed.data.ConsumedCapacity : undefined;
  if (!capacity) return 0;
  return [capacity].flat().reduce((sum, { CapacityUnits }) => sum + CapacityUnits, 0);
}

async function collect(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) if (chunk instanceof Uint8Array) chunks.push(chunk);
  return Buffer.concat(chunks);
}
