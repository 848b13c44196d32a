import type { Clock } from '../../shared/effects.ts';
import type { InventoryStore } from '../../shared/inventory/inventory-store.ts';

export interface InventoryTaskPorts {
  readonly inventory: InventoryStore;
  readonly clock: Clock;
}
