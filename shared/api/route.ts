import type * as z from 'zod';
import type { Principal } from '../identity/principal.ts';
import type { Role } from '../identity/roles.ts';
import type { ProblemCode } from './problem.ts';

export type Domain = 'user' | 'product' | 'order' | 'payment-webhook';
export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/**
 * Who may call a route. `anyone` needs no token; `self` is the user that the path names;
 * `owner` is the customer that the order belongs to; a role name grants the route for every resource.
 */
export type Grant = 'anyone' | 'self' | 'owner' | Exclude<Role, 'Guest'>;

export interface Throttle {
  /** Steady requests per second that the stage lets through to this method. */
  readonly rate: number;
  readonly burst: number;
  /** Requests per minute and client address, counted by the dispatcher. */
  readonly perAddressPerMinute?: number;
}

/** One endpoint. CDK methods, authorizers, dispatch, validation, OpenAPI and the RBAC tests derive from it. */
export interface Route {
  readonly domain: Domain;
  readonly method: HttpMethod;
  /** API Gateway's resource spelling, e.g. `/user/{userId}/details`. */
  readonly path: `/${string}`;
  readonly summary: string;
  readonly allow: readonly Grant[];
  /** An `anyone` route that shows more to a caller who sends a token. */
  readonly optionalToken?: boolean;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Where the body may have less than what every route takes. */
  readonly maximumBodyBytes?: number;
  /**
   * The header that signs the body. It is required, and the body is handed over as it was sent, since a signature
   * is of its very bytes.
   */
  readonly signatureHeader?: string;
  /** The header `Idempotency-Key` is required. */
  readonly idempotencyKey?: boolean;
  /** Answers an ETag; a request whose `If-None-Match` names it is answered 304. */
  readonly etag?: boolean;
  /** The header `If-Match` is required, or honoured when it is sent. */
  readonly ifMatch?: true | 'optional';
  /**
   * A success that is no GET is told in the log. Not one that changes `nothing`, nor where the use case tells it
   * itself (`own`), with what it alone knows.
   */
  readonly successLine?: 'own' | 'nothing';
  readonly success: {
    readonly status: 200 | 201 | 202 | 204;
    readonly body?: z.ZodType;
    /** Also answers text/csv to a client that prefers it. */
    readonly csv?: boolean;
  };
  readonly throttle: Throttle;
  /** Codes of this route's own, beside those that every route can answer. */
  readonly problems?: readonly ProblemCode[];
}

export type RouteTable = Readonly<Record<string, Route>>;

type Parsed<T, Fallback> = T extends z.ZodType ? z.output<T> : Fallback;
type IfMatchOf<R extends Route> = R extends { ifMatch: true }
  ? string
  : R extends { ifMatch: 'optional' }
    ? string | undefined
    : undefined;
type NoFields = Readonly<Record<string, never>>;
type TokenOf<R extends Route> = 'anyone' extends R['allow'][number] ? Principal | undefined : Principal;

/** What the gateway knows of the client; never taken from a header that a client can write. */
export interface ClientInfo {
  readonly ip: string;
  readonly region: string;
  readonly userAgent: string;
}

/** A body with its signature, neither of them read yet. */
export interface SignedBody {
  readonly rawBody: string;
  readonly signature: string;
}

/** A request as a use case sees it: authenticated, authorized and parsed by the route's schemas. */
export interface ApiRequest<R extends Route = Route> {
  readonly params: Parsed<R['params'], NoFields>;
  readonly query: Parsed<R['query'], NoFields>;
  readonly body: Parsed<R['body'], undefined>;
  readonly signed: R extends { signatureHeader: string } ? SignedBody : undefined;
  readonly principal: TokenOf<R>;
  readonly idempotencyKey: R extends { idempotencyKey: true } ? string : undefined;
  /** The version that the client read, from `If-Match`; absent on routes that do not ask for it. */
  readonly ifMatch: IfMatchOf<R>;
  /** The one of the route's media types that the client prefers: application/json, or text/csv where it is answered. */
  readonly accept: string;
  readonly client: ClientInfo;
  readonly requestId: string;
}

export interface ApiResult<R extends Route = Route> {
  readonly body: R['success'] extends { body: infer B extends z.ZodType } ? z.input<B> : undefined;
  /** Sent as text/csv in the body's place, on a route that answers CSV. */
  readonly csv?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The use case behind a route. */
export type Operation<R extends Route> = (request: ApiRequest<R>) => Promise<ApiResult<R>>;
/** One use case for each row of a route table, by the row's name. */
export type Operations<T extends RouteTable> = { readonly [K in keyof T]: Operation<T[K]> };
