import type { AuditTrail } from '../../audit/audit-entry.ts';
import type { Product } from '../../catalogue/product.ts';
import type { ProductReader } from '../../catalogue/product-store.ts';
import type { Effects } from '../../effects.ts';
import type { UserDirectory } from '../../identity/user-directory.ts';
import type { InventoryStore } from '../../inventory/inventory-store.ts';
import type { FraudRules } from '../../payments/fraud-settings.ts';
import type { Counter } from '../../payments/velocity.ts';
import type { CheckoutRuns } from '../checkout-runs.ts';
import type { OrderStore } from '../order-store.ts';

/** What the order's own steps of the checkout need. */
export interface CheckoutPorts {
  readonly orders: OrderStore;
  readonly users: UserDirectory;
  readonly products: ProductReader;
  readonly inventory: Pick<InventoryStore, 'hold' | 'linesOf'>;
  readonly checkouts: Pick<CheckoutRuns, 'resume'>;
  readonly audit: AuditTrail;
  readonly effects: Effects;
}

/** Reads at once what ValidateOrder decides by and the counters that the fraud rules will want. */
export interface ValidationReader {
  /** Strongly consistent; what does not exist is left out. Counter keys differ. @throws TransientError */
  read(
    productIds: readonly string[],
    counterKeys: readonly string[],
  ): Promise<{
    readonly products: ReadonlyMap<string, Product>;
    readonly counters: ReadonlyMap<string, Counter>;
  }>;
}

/** What ValidateOrder needs beside the other steps' ports. */
export interface ValidationPorts {
  readonly validation: ValidationReader;
  readonly fraudRules: FraudRules;
}
