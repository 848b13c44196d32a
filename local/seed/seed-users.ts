import { setTimeout as sleep } from 'node:timers/promises';
import type { Dynamo } from '../../shared/adapters/dynamodb/client.ts';
import { createUserStore } from '../../shared/adapters/dynamodb/user-store.ts';
import { systemActor } from '../../shared/audit/audit-entry.ts';
import { systemEffects } from '../../shared/effects.ts';
import { withDetails } from '../../shared/identity/profile.ts';
import type { StoredRole } from '../../shared/identity/roles.ts';
import { newUser } from '../../shared/identity/user.ts';
import type { TenantUsers } from '../auth0/tenant-users.ts';

export const seededPassword = 'Passw0rd!local';

export const seededUsers: readonly { email: string; username: string; role: StoredRole }[] = [
  { email: 'admin@example.com', username: 'admin', role: 'Admin' },
  { email: 'manager@example.com', username: 'manager', role: 'Manager' },
  { email: 'customer@example.com', username: 'customer', role: 'Customer' },
];

/** Makes the three known users, at the tenant and in the tables; those that exist stay as they are. */
export async function seedUsers(
  client: Dynamo,
  tables: { users: string; audit: string },
  tenant: TenantUsers,
): Promise<void> {
  const effects = systemEffects();
  const store = createUserStore(client, tables, { random: effects.random, sleep });
  // One after the other: user ids sort by creation, so lists show them in this order.
  for (const { email, username, role } of seededUsers) {
    const account = tenant.findByEmail(email) ?? (await tenant.create(email, seededPassword, { role }));
    // A start that was interrupted may have left the account without its record.
    if (!account || (await store.find(account.id))) continue;
    const at = effects.clock.now().toISOString();
    const who = { userId: account.id, email, username, role, region: 'US' };
    const user = newUser({ ...who, trustFirstDevice: true, at });
    await store.create(role === 'Customer' ? withDetails(user, customerDetails, effects.ids) : user, {
      entryId: effects.ids.next(),
      action: 'user.registered',
      entity: { type: 'user', id: account.id },
      actor: systemActor,
      at,
    });
  }
}

const customerDetails: Parameters<typeof withDetails>[1] = {
  addresses: [
    {
      label: 'Home',
      line1: '1 Harbour Street',
      city: 'Portland',
      state: 'OR',
      zip: '97201',
      country: 'US',
      isDefault: true,
    },
    { label: 'Work', line1: 'Lange Straße 12', city: 'Berlin', zip: '10115', country: 'DE' },
  ],
  preferences: { deliveryTime: 'evening', newsletterOptIn: false },
  paymentMethods: [{ token: 'pm_card_visa', isDefault: true }],
};
