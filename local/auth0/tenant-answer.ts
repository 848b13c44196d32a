/** An answer of the tenant. */
export interface TenantAnswer {
  readonly status: number;
  readonly body: unknown;
}

export const answer = (status: number, body: unknown): TenantAnswer => ({ status, body });

/** The Authentication API's OAuth errors. */
export const oauthError = (status: number, error: string, description: string): TenantAnswer =>
  answer(status, { error, error_description: description });

/** The Management API's errors. */
export const managementError = (
  statusCode: number,
  error: string,
  message: string,
  errorCode: string,
): TenantAnswer => answer(statusCode, { statusCode, error, message, errorCode });
