import { describe, expect, it } from 'vitest';
import type { User } from '../../../shared/identity/user.ts';
import {
  type Channel,
  channels,
  type ReceivedNotification,
} from '../../../shared/notifications/notification.ts';
import { keysOfStaff, keysOfUser, recipientsOf } from '../../../shared/notifications/recipients.ts';
import { aUser } from '../../support/builders/user.ts';

const pushEndpoints = [
  'arn:aws:sns:us-east-1:1:endpoint/APNS/shop/1',
  'arn:aws:sns:us-east-1:1:endpoint/GCM/shop/2',
];
const customer = aUser({ userId: 'jane', phone: '+14155550123', pushEndpoints });
const staff = ['manager-1', 'admin-1'].map((userId) => aUser({ userId, role: 'Manager' }));
const readers = { find: async (): Promise<User> => customer, staff: async () => staff };
const about = { notificationId: 'order-1#x', topic: 'order', orderId: 'order-1', userId: 'jane' } as const;
const shipped: ReceivedNotification = { ...about, role: 'Customer', type: 'order_shipped', data: {} };
const held: ReceivedNotification = {
  ...about,
  role: 'Manager',
  type: 'order_on_hold',
  data: { total: '1', currency: 'USD' },
};

async function delivered(message: ReceivedNotification, channel: Channel, staffAddresses: string[] = []) {
  const options = { channel, staffAddresses };
  return (await recipientsOf(message, options, readers, new Date())).recipients.map(({ key }) => key);
}

describe('the keys that a delivery is looked up by', () => {
  it.each(channels)('are those that a customer is delivered to under, by %s', async (channel) => {
    const keys = await delivered(shipped, channel);
    expect(keys.length).toBe(channel === 'push' ? 2 : 1);
    expect(keysOfUser('jane', channel, pushEndpoints)).toEqual(keys);
  });

  it('are those of the staff, by the mailboxes of the stage and by each of them where it has none', async () => {
    const mailboxes = ['desk@shop.example', 'night@shop.example'];
    const [byMailbox, byPerson] = [await delivered(held, 'email', mailboxes), await delivered(held, 'email')];
    expect(byMailbox.join()).not.toContain('shop.example');
    expect(keysOfStaff(mailboxes, staff)).toEqual([...byMailbox, ...byPerson]);
  });
});
