import type { ClientInfo } from '../api/route.ts';
import type { AuditTrail } from '../audit/audit-entry.ts';
import type { Effects } from '../effects.ts';
import type { CheckoutResumer } from './checkout-resumer.ts';
import type { IdentityProvider } from './identity-provider.ts';
import type { Principal } from './principal.ts';
import type { UserStore } from './user-store.ts';

/** What the use cases of /user reach the world through. */
export interface UserPorts {
  readonly store: UserStore;
  readonly identityProvider: IdentityProvider;
  readonly audit: AuditTrail;
  readonly resumer: CheckoutResumer;
  readonly effects: Effects;
}

/** Who asks, from where: what an audit entry says of a request. */
export interface Caller {
  readonly principal?: Principal | undefined;
  readonly client: ClientInfo;
  readonly requestId: string;
}
