/**
 * Every error code that a client can meet, with the one HTTP status it travels under.
 * The codes are the contract: clients switch on them, so none is ever renamed.
 */
export const problems = {
  malformed_json: { status: 400, title: 'The body is not JSON' },
  validation_failed: { status: 400, title: 'The request breaks the schema' },
  idempotency_key_required: { status: 400, title: 'An Idempotency-Key header is required' },
  unauthenticated: { status: 401, title: 'A bearer token is required' },
  invalid_token: { status: 401, title: 'The token is not valid' },
  invalid_credentials: { status: 401, title: 'E-mail or password is wrong' },
  forbidden: { status: 403, title: 'The role may not do this' },
  role_mismatch: { status: 403, title: 'The role in the token is not the role on record' },
  mfa_required: { status: 403, title: 'A second factor is required' },
  captcha_required: { status: 403, title: 'A CAPTCHA answer is required' },
  account_disabled: { status: 403, title: 'The account is disabled' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'The resource has no such method' },
  email_taken: { status: 409, title: 'The e-mail address is in use' },
  username_taken: { status: 409, title: 'The username is in use' },
  invalid_state: { status: 409, title: 'The state does not allow this' },
  request_in_progress: { status: 409, title: 'The same request is still being worked on' },
  last_admin: { status: 409, title: 'The last admin must stay' },
  insufficient_stock: { status: 409, title: 'The stock does not allow this' },
  version_conflict: { status: 412, title: 'The resource has changed since it was read' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The content type is not supported' },
  idempotency_key_reused: { status: 422, title: 'The Idempotency-Key was used for another request' },
  promo_invalid: { status: 422, title: 'The promo code cannot be used' },
  product_unknown: { status: 422, title: 'A product does not exist' },
  out_of_stock: { status: 422, title: 'Out of stock' },
  currency_unsupported: { status: 422, title: 'The currency is not supported' },
  weak_password: { status: 422, title: 'The password is too weak' },
  mfa_failed: { status: 422, title: 'The code is wrong or no longer valid' },
  address_unknown: { status: 422, title: 'The address does not exist' },
  payment_method_required: { status: 422, title: 'A payment method is required' },
  account_locked: { status: 423, title: 'The account is locked for a while' },
  precondition_required: { status: 428, title: 'An If-Match header is required' },
  rate_limited: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Something went wrong on our side' },
  dependency_unavailable: { status: 503, title: 'A service that this depends on is not available' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof problems;

/** One wrong field: `path` is a JSON pointer into the body, or `/query/…`, `/path/…`, `/header/…`. */
export interface FieldError {
  path: string;
  message: string;
}

export interface ProblemOptions {
  errors?: readonly FieldError[];
  /** Whole seconds; answered as `Retry-After`. */
  retryAfterSeconds?: number;
  /** Members that the contract adds to this code's body, e.g. `challengeId`. */
  extension?: Readonly<Record<string, unknown>>;
  headers?: Readonly<Record<string, string>>;
  /** The caller is known and may not do this: the dispatcher audits it. Never shown to the client. */
  isRefusal?: boolean;
  cause?: unknown;
}

/** An answer to the client that is not the wished one. Thrown by use cases, turned into HTTP by the dispatcher. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly options: ProblemOptions;

  constructor(code: ProblemCode, detail: string, options: ProblemOptions = {}) {
    super(detail, { cause: options.cause });
    this.code = code;
    this.options = options;
  }
}

export const problemContentType = 'application/problem+json';

/** Builds the RFC 9457 document of a code; `detail` must be safe to show to the client. */
export function problemDocument(
  code: ProblemCode,
  detail: string,
  requestId: string,
  options: Pick<ProblemOptions, 'errors' | 'extension'> = {},
): Record<string, unknown> {
  return {
    type: `https://docs.storefront.dev/problems/${code}`,
    title: problems[code].title,
    status: problems[code].status,
    detail,
    code,
    requestId,
    ...(options.errors ? { errors: options.errors } : {}),
    ...options.extension,
  };
}
