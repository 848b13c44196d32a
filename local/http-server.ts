import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export interface HttpServer {
  readonly port: number;
  /** Requests before this is called wait for it. */
  serve(handler: HttpHandler): void;
  stop(): Promise<void>;
}

/** The port is in use by another process. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';

  constructor(port: number) {
    super(
      `Port ${port} is in use. Stop what uses it (\`lsof -i :${port}\` tells), or take another one: PORT=${port + 1} npm start`,
    );
  }
}

/**
 * Listens on the loopback addresses of both families, so that `localhost` answers whichever a client tries first.
 * @throws PortTakenError
 */
export async function listen(port: number): Promise<HttpServer> {
  const ready = Promise.withResolvers<HttpHandler>();
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const handler = await ready.promise;
      await handler(request, response);
    } catch (error) {
      console.error(error);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    }
  };
  const first = await listenOn('127.0.0.1', port, handle);
  const address = first.address();
  if (typeof address !== 'object' || address === null) throw new Error('The server has no port.');
  const second = await listenOn('::1', address.port, handle).catch(async (error: unknown) => {
    if (error instanceof PortTakenError) {
      first.close();
      throw error;
    }
    // A machine without IPv6.
    return undefined;
  });
  const servers = second ? [first, second] : [first];
  return {
    port: address.port,
    serve: (handler) => ready.resolve(handler),
    async stop() {
      await Promise.all(servers.map(close));
    },
  };
}

async function listenOn(
  host: string,
  port: number,
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<Server> {
  const server = createServer(
    { keepAliveTimeout: 60_000 },
    (request, response) => void handle(request, response),
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new PortTakenError(port) : error),
    );
    server.listen(port, host, resolve);
  });
  return server;
}

async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}
