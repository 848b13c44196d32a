import type { AnalyticsBatch } from '../analytics/ui-events.ts';
import type { ClientInfo } from '../api/route.ts';
import type { AuditTrail } from '../audit/audit-entry.ts';
import type { Effects } from '../effects.ts';
import type { CheckoutResumer } from './checkout-resumer.ts';
import type { IdentityProvider } from './identity-provider.ts';
import type { LoginProtection } from './login-protection.ts';
import type { PrivacyPorts } from './personal-data.ts';
import type { Principal } from './principal.ts';
import type { UserStore } from './user-store.ts';

/** What the use cases of /user reach the world through. */
export interface UserPorts {
  readonly store: UserStore;
  readonly identityProvider: IdentityProvider;
  readonly audit: AuditTrail;
  readonly resumer: CheckoutResumer;
  readonly protection: LoginProtection;
  readonly privacy: PrivacyPorts;
  /** Takes what clients report of their user interface. */
  readonly stream: AnalyticsBatch;
  readonly effects: Effects;
}

/** What a change may be held to. */
export interface Precondition {
  /** The ETag of the version that the client read. */
  readonly ifMatch?: string | undefined;
}

/** Who asks, from where: what an audit entry says of a request. */
export interface Caller {
  readonly principal?: Principal | undefined;
  readonly client: ClientInfo;
  readonly requestId: string;
}
