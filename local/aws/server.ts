import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Request, Response } from './endpoint.ts';

export type AwsHandler = (request: Request, response: Response) => Promise<void>;

export interface AwsServer {
  readonly url: string;
  /** Requests before this is called wait for it. */
  serve(handler: AwsHandler): void;
  stop(): Promise<void>;
}

/**
 * Listens on a free loopback port for HTTP/1.1 and for HTTP/2 without TLS: the SDK's Kinesis client
 * speaks HTTP/2 at once, the others HTTP/1.1.
 */
export async function startAwsServer(): Promise<AwsServer> {
  const ready = Promise.withResolvers<AwsHandler>();
  const handle = (request: Request, response: Response): void => {
    ready.promise.then((handler) => handler(request, response)).catch(() => response.destroy());
  };
  const http1 = createHttpServer({ keepAliveTimeout: 60_000 }, handle);
  const http2 = createHttp2Server({}, handle);
  http2.on('sessionError', () => undefined);
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.once('data', (first) => {
      socket.pause();
      socket.unshift(first);
      const isHttp2 = first.subarray(0, 3).toString() === 'PRI';
      (isHttp2 ? http2 : http1).emit('connection', socket);
      process.nextTick(() => socket.resume());
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (!isAddress(address)) throw new Error('The AWS endpoint has no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    serve: (handler) => ready.resolve(handler),
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function isAddress(address: ReturnType<Server['address']>): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}
