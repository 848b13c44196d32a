import * as z from 'zod';

/** The parts of API Gateway's REST proxy event (payload version 1) that we read. */
export const gatewayEventSchema = z.object({
  resource: z.string(),
  httpMethod: z.string(),
  headers: z.record(z.string(), z.string().optional()).nullish(),
  multiValueQueryStringParameters: z.record(z.string(), z.array(z.string()).optional()).nullish(),
  pathParameters: z.record(z.string(), z.string().optional()).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().default(false),
  requestContext: z.object({
    requestId: z.string(),
    identity: z.object({ sourceIp: z.string(), userAgent: z.string().nullish() }),
    authorizer: z.record(z.string(), z.unknown()).nullish(),
  }),
});
export type GatewayEvent = z.infer<typeof gatewayEventSchema>;

export interface GatewayResponse {
  statusCode: number;
  headers: Record<string, string>;
  body: string;
}

/** What the authorizer Lambda hands over; API Gateway turns every context value into a string. */
export const authorizerContextSchema = z.object({
  userId: z.string().min(1),
  role: z.string().min(1),
  tokenExpiresAt: z.coerce.number(),
});
export type AuthorizerContext = z.infer<typeof authorizerContextSchema>;

/** Header names are case-insensitive (RFC 9110 §5.1); gateways keep the client's spelling. */
export function header(event: GatewayEvent, name: string): string | undefined {
  for (const [key, value] of Object.entries(event.headers ?? {})) {
    if (key.toLowerCase() === name && value !== undefined) {
      return value;
    }
  }
  return undefined;
}

export function bodyText(event: GatewayEvent): string {
  const body = event.body ?? '';
  return event.isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body;
}
