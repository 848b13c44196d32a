import type { User } from '../../shared/identity/user.ts';

export interface EventParts {
  readonly method?: string;
  readonly resource?: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, readonly string[]>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly text?: string;
  readonly isBase64Encoded?: boolean;
  /** Whom the authorizer has let in; over `authorizer`. */
  readonly as?: User;
  readonly authorizer?: Readonly<Record<string, unknown>>;
  readonly ip?: string;
}

/** A token that outlives every test's clock. */
export const farFuture = '4102444800';

/** The event that API Gateway hands to a Lambda, with a JSON body unless the headers say otherwise. */
export function gatewayEvent(parts: EventParts = {}) {
  const { as, body, text } = parts;
  const sent = text ?? (body === undefined ? null : JSON.stringify(body));
  const authorizer = as
    ? { userId: as.userId, role: as.role, tokenExpiresAt: farFuture }
    : (parts.authorizer ?? null);
  return {
    resource: parts.resource ?? '/thing',
    httpMethod: parts.method ?? 'GET',
    headers: { ...(sent === null ? {} : { 'Content-Type': 'application/json' }), ...parts.headers },
    multiValueQueryStringParameters: parts.query ?? null,
    pathParameters: parts.params ?? null,
    body: sent,
    isBase64Encoded: parts.isBase64Encoded ?? false,
    requestContext: {
      requestId: 'request-1',
      identity: { sourceIp: parts.ip ?? '203.0.113.7', userAgent: 'test' },
      authorizer,
    },
  };
}
