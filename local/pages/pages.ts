import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DeliveredMessage, OutboxMessage } from '../aws/outbox.ts';
import type { ExecutionRecord } from '../step-functions/execution-record.ts';
import { consolePage, runPage } from './console.ts';
import { docsPage } from './docs.ts';
import { eventsJson } from './events.ts';
import { outboxJson, outboxPage } from './outbox.ts';
import { type Overview, overviewJson, overviewPage } from './overview.ts';

export interface PageSources {
  readonly overview: Overview;
  readonly outbox: () => readonly OutboxMessage[];
  readonly delivered: () => readonly DeliveredMessage[];
  readonly executions: () => readonly ExecutionRecord[];
  /** Records of the analytics stream, oldest first. */
  readonly events: () => readonly { readonly data: string }[];
  readonly openApi: () => Promise<unknown>;
}

interface PageAnswer {
  readonly type: 'html' | 'json';
  readonly body: string;
}

/** Serves the runtime's own pages; answers false when the path is none of them. */
export async function servePage(
  sources: PageSources,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return false;
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  const wantsJson =
    /\bjson\b/.test(request.headers.accept ?? '') && !/text\/html/.test(request.headers.accept ?? '');
  const answer = await render(sources, path, wantsJson);
  if (!answer) return false;
  response.writeHead(200, {
    'content-type': answer.type === 'json' ? 'application/json' : 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy':
      "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'",
  });
  response.end(request.method === 'HEAD' ? undefined : answer.body);
  return true;
}

async function render(
  sources: PageSources,
  path: string,
  wantsJson: boolean,
): Promise<PageAnswer | undefined> {
  switch (path) {
    case '/':
      return wantsJson ? json(overviewJson(sources.overview)) : page(overviewPage(sources.overview));
    case '/outbox':
      return wantsJson
        ? json(outboxJson(sources.outbox(), sources.delivered()))
        : page(outboxPage(sources.outbox(), sources.delivered()));
    case '/outbox.json':
      return json(outboxJson(sources.outbox(), sources.delivered()));
    case '/events.json':
      return json(eventsJson(sources.events()));
    case '/openapi.json':
      return json(await sources.openApi());
    case '/docs':
      return page(docsPage(await sources.openApi()));
    case '/console':
      return page(consolePage(sources.executions()));
  }
  const name = /^\/console\/([^/]+)$/.exec(path)?.[1];
  const record = sources
    .executions()
    .find((execution) => name !== undefined && execution.name === safeDecode(name));
  return record && page(runPage(record));
}

function page(body: string): PageAnswer {
  return { type: 'html', body };
}

function json(value: unknown): PageAnswer {
  return { type: 'json', body: JSON.stringify(value) };
}

function safeDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
