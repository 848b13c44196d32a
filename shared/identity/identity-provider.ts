import type { StoredRole } from './roles.ts';

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

export type SignUpResult =
  | { readonly kind: 'created'; readonly userId: string }
  | { readonly kind: 'exists' }
  | { readonly kind: 'weak_password' };

export type LogInResult =
  | {
      readonly kind: 'accepted';
      readonly token: string;
      /** Seconds. */
      readonly expiresIn: number;
      readonly userId: string;
      /** As the token says. */
      readonly role: string;
    }
  | { readonly kind: 'refused' }
  | { readonly kind: 'blocked' }
  | { readonly kind: 'locked'; readonly retryAfterSeconds: number };

/** Who keeps the passwords (Auth0). Every method throws DependencyUnavailableError when it does not answer. */
export interface IdentityProvider {
  signUp(credentials: Credentials): Promise<SignUpResult>;
  /** @param ip the client's address, which the provider's own attack protection counts by */
  logIn(credentials: Credentials, ip: string): Promise<LogInResult>;
  /** Sends the link if the address is known; tells nobody whether it is. */
  requestPasswordReset(email: string): Promise<void>;
  /** What the user's next token says, and whether there may be one. Repeating it changes nothing. */
  setAccess(
    userId: string,
    access: { role?: StoredRole | undefined; disabled?: boolean | undefined },
  ): Promise<void>;
  deleteUser(userId: string): Promise<void>;
}
