import {
  Agent,
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, Socket } from 'node:net';
import { SESv2Client } from '@aws-sdk/client-sesv2';
import { SNSClient } from '@aws-sdk/client-sns';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { senderDefaults } from '../../../shared/adapters/delivery/sender-client.ts';
import { mayHaveBeenSent } from '../../../shared/adapters/delivery/sending-faults.ts';
import { createSesSender } from '../../../shared/adapters/delivery/ses-sender.ts';
import { createSmsSender } from '../../../shared/adapters/delivery/sns-senders.ts';
import { TransientError } from '../../../shared/errors.ts';
import { deliver } from '../../../shared/notifications/deliver.ts';
import { aUser } from '../../support/builders/user.ts';
import { aNotification, deliveryFakes } from '../../support/notification-fakes.ts';

const own = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  ...senderDefaults,
};
const shipped = { type: 'order_shipped', optIn: false } as const;
const sesAt = (endpoint: string, settings = {}) =>
  createSesSender({ from: 'orders@shop.example' }, new SESv2Client({ ...own, endpoint, ...settings }));
const mailBy = (endpoint: string, settings?: object) =>
  sesAt(endpoint, settings).send(
    'ann@example.com',
    { subject: 'Hi', text: 'text', html: '<p>text</p>' },
    shipped,
  );
const textBy = (endpoint: string) =>
  createSmsSender({ type: 'Transactional' }, new SNSClient({ ...own, endpoint })).send(
    '+14155550100',
    { text: 'text' },
    shipped,
  );

/** Runs a body against a server on this machine, which is gone afterwards. */
async function against<T>(server: Server, body: (port: number) => Promise<T>): Promise<T> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await body((server.address() as AddressInfo).port);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}
const withHttp = <T>(listener: RequestListener, body: (endpoint: string) => Promise<T>) =>
  against(createServer(listener), (port) => body(`http://127.0.0.1:${port}`));

/** Reads the whole request, which is as good as having taken the message. */
async function takeIn(request: IncomingMessage): Promise<void> {
  for await (const _ of request);
}

/** A provider that takes each message at once and answers when it is told to. */
function createSlowProvider() {
  const taken: ServerResponse[] = [];
  const waiting: ((response: ServerResponse) => void)[] = [];
  return {
    taken,
    next: () => new Promise<ServerResponse>((resolve) => waiting.push(resolve)),
    listener: async (request: IncomingMessage, response: ServerResponse) => {
      await takeIn(request);
      taken.push(response);
      waiting.shift()?.(response);
    },
  };
}

describe('a provider that takes its time', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([4_000, 7_900])('of %d ms sends one mail, which is known to be sent', async (milliseconds) => {
    const provider = createSlowProvider();
    const ports = deliveryFakes('email', [aUser()]);
    await withHttp(provider.listener, async (endpoint) => {
      const taken = provider.next();
      const delivered = deliver(aNotification(), { ...ports, sender: sesAt(endpoint) });
      const response = await taken;
      vi.advanceTimersByTime(milliseconds);
      response.end('{}');
      await delivered;
      await deliver(aNotification(), { ...ports, sender: sesAt(endpoint) });
    });
    expect(provider.taken).toHaveLength(1);
    expect([...ports.kept.values()]).toMatchObject([{ outcome: 'sent' }]);
  });

  it('and does not answer while the Lambda lives sends two at most, however often the message comes', async () => {
    const provider = createSlowProvider();
    const ports = deliveryFakes('email', [aUser()]);
    await withHttp(provider.listener, async (endpoint) => {
      const handed = async () => {
        const taken = provider.next();
        const delivered = deliver(aNotification(), { ...ports, sender: sesAt(endpoint) });
        delivered.catch(() => undefined);
        await taken;
        vi.advanceTimersByTime(8_000);
        await delivered;
      };
      await expect(handed()).rejects.toThrow(TransientError);
      ports.advance(90_000);
      await handed();
      await deliver(aNotification(), { ...ports, sender: sesAt(endpoint) });
    });
    expect(provider.taken).toHaveLength(2);
    expect([...ports.kept.values()]).toMatchObject([{ outcome: 'unknown' }]);
  });

  it('to be connected to has surely taken nothing', async () => {
    let asked = () => {};
    const connecting = new Promise<void>((resolve) => (asked = resolve));
    const httpAgent = new Agent();
    httpAgent.createConnection = () => {
      asked();
      return Object.assign(new Socket(), { connecting: true });
    };
    const requestHandler = { ...senderDefaults.requestHandler, httpAgent };
    const sent = mailBy('http://127.0.0.1:1', { requestHandler });
    sent.catch(() => undefined);
    await connecting;
    vi.advanceTimersByTime(1_000);
    await expect(sent).rejects.toThrow(TransientError);
  });
});

const answering =
  (status: number, body: string, headers = {}): RequestListener =>
  async (request, response) => {
    await takeIn(request);
    response.writeHead(status, headers).end(body);
  };
const refusing = (status: number, name: string) =>
  answering(status, '{"message":"no"}', { 'x-amzn-errortype': name });
const xml = (code: string) =>
  `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Code>${code}</Code><Message>no</Message></Error></ErrorResponse>`;
const hangingUp: RequestListener = async (request) => {
  await takeIn(request);
  request.socket.destroy();
};
const cutOff: RequestListener = async (request, response) => {
  await takeIn(request);
  response.writeHead(200, { 'content-length': 100 });
  response.write('{"MessageId":', () => response.destroy());
};

it('a connection is for one message, as an old one may be closed at the other end unseen', async () => {
  const connections = new Set<Socket>();
  const listener: RequestListener = async (request, response) => {
    connections.add(request.socket);
    await takeIn(request);
    response.end('{}');
  };
  await withHttp(listener, async (endpoint) => {
    const sender = sesAt(endpoint);
    const mail = { subject: 'Hi', text: 'text', html: '<p>text</p>' };
    await sender.send('ann@example.com', mail, shipped);
    await sender.send('bob@example.com', mail, shipped);
  });
  expect(connections.size).toBe(2);
});

describe('what may have been sent', () => {
  it.each([
    ['fails inside', refusing(500, 'InternalFailure')],
    ['has lost the one behind it', answering(502, '<html>')],
    ['waits for the one behind it in vain', answering(504, '')],
    ['hangs up', hangingUp],
    ['breaks off its answer', cutOff],
    ['answers what cannot be read', answering(200, '{"MessageId":')],
  ])('is a mail when SES %s', async (_what, listener) => {
    expect(await withHttp(listener, mailBy)).toMatchObject({ status: 'unknown' });
  });

  it.each([
    ['fails inside', answering(500, xml('InternalError'))],
    ['hangs up', hangingUp],
  ])('is a text message when SNS %s', async (_what, listener) => {
    expect(await withHttp(listener, textBy)).toMatchObject({ status: 'unknown' });
  });
});

describe('what was surely not sent', () => {
  it('is a mail that SES is too busy for', async () => {
    const listener = refusing(429, 'TooManyRequestsException');
    expect(await withHttp(listener, mailBy)).toEqual({ status: 'throttled' });
  });

  it.each([
    ['SES does not work on now', () => withHttp(refusing(503, 'ServiceUnavailableException'), mailBy)],
    ['SNS does not work on now', () => withHttp(answering(503, xml('ServiceUnavailable')), textBy)],
    ['nobody listens for', () => against(createTcpServer(), async (port) => port).then(mailTo)],
    [
      'was not to be encrypted',
      () =>
        against(
          createTcpServer((socket) => socket.destroy()),
          (port) => mailBy(`https://127.0.0.1:${port}`),
        ),
    ],
  ])('is what %s, and may be sent later', async (_what, send) => {
    await expect(send()).rejects.toThrow(TransientError);
  });

  it('is what SES refuses of us', async () => {
    await expect(withHttp(refusing(400, 'MessageRejected'), mailBy)).rejects.toMatchObject({
      name: 'MessageRejected',
    });
  });

  it('is what the SDK did not ask for, as without credentials', async () => {
    const credentials = () => Promise.reject(new Error('no credentials'));
    await expect(mailBy('http://127.0.0.1:1', { credentials })).rejects.toThrow('no credentials');
  });

  it('is what had no address, no address that answers, or no certificate that we trust', () => {
    const fault = (facts: object) => Object.assign(new Error('no'), facts);
    const refused = fault({ code: 'ECONNREFUSED', syscall: 'connect' });
    const late = fault({ code: 'ETIMEDOUT', syscall: 'connect' });
    /** As Node throws it when a name has several addresses, and as the SDK renames it. */
    const ofSeveral = (...errors: Error[]) =>
      Object.assign(new AggregateError(errors), { code: 'ETIMEDOUT', name: 'TimeoutError' });
    const none = [
      fault({ code: 'ENOTFOUND', syscall: 'getaddrinfo' }),
      ofSeveral(refused, late),
      fault({ code: 'CERT_HAS_EXPIRED' }),
    ];
    expect(none.map(mayHaveBeenSent)).toEqual([false, false, false]);
    const written = fault({ code: 'ETIMEDOUT', syscall: 'read' });
    expect(mayHaveBeenSent(written)).toBe(true);
    expect(mayHaveBeenSent(ofSeveral(refused, written))).toBe(true);
  });
});

function mailTo(port: number) {
  return mailBy(`http://127.0.0.1:${port}`);
}
