import { GetCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { User } from '../../identity/user.ts';
import type { UserChange, UserStore } from '../../identity/user-store.ts';
import { auditItem } from './audit-trail.ts';
import { changedAttributes } from './changed-attributes.ts';
import type { Dynamo } from './client.ts';
import { conditionally, transiently } from './faults.ts';
import { isFalseCondition, type RetryEffects, type TransactItem, transact } from './transact.ts';
import { createUserDirectory, userKey } from './user-directory.ts';
import { listUsers } from './user-list.ts';

export const emailKey = (email: string) => ({ pk: `EMAIL#${email.toLowerCase()}` });
export const usernameKey = (username: string) => ({ pk: `USERNAME#${username.toLowerCase()}` });
const ownerSchema = z.object({ userId: z.string() });
/** Partition of the index that lists every user. */
const listing = 'USER';

/** The Users table's items of a new user: record and the two sentinels that make its names unique. */
export function userItems(user: User): Record<string, unknown>[] {
  const { userId, email, username } = user;
  return [
    { ...userKey(userId), listing, ...user },
    { ...emailKey(email), userId },
    { ...usernameKey(username), userId },
  ];
}

export function createUserStore(
  client: Dynamo,
  tables: { users: string; audit: string },
  retry: RetryEffects,
): UserStore {
  const { users: table } = tables;

  const ownerOf = async (key: { pk: string }) => {
    const { Item } = await transiently(() =>
      client.send(new GetCommand({ TableName: table, Key: key, ConsistentRead: true })),
    );
    return Item && ownerSchema.parse(Item).userId;
  };

  /** Names the actions whose conditions were false; empty when all was written. */
  const write = async <Name extends string>(
    actions: readonly (readonly [Name, TransactItem])[],
  ): Promise<Name[]> => {
    const items = actions.map(([, action]) => action);
    const reasons = (await transact(client, items, retry)) ?? [];
    return actions.filter((_, index) => isFalseCondition(reasons[index])).map(([name]) => name);
  };

  const putNew = (TableName: string, Item: Record<string, unknown>): TransactItem => ({
    Put: { TableName, Item, ConditionExpression: 'attribute_not_exists(pk)' },
  });

  const tryUpdate = (command: UpdateCommand): Promise<boolean> => conditionally(() => client.send(command));

  return {
    ...createUserDirectory(client, table),
    findIdByEmail: (email) => ownerOf(emailKey(email)),
    findIdByUsername: (username) => ownerOf(usernameKey(username)),

    async create(user, entry) {
      const [record = {}, email = {}, username = {}] = userItems(user);
      const failed = await write([
        ['record', putNew(table, record)],
        ['email', putNew(table, email)],
        ['username', putNew(table, username)],
        ['audit', putNew(tables.audit, auditItem(entry))],
      ]);
      if (failed.length === 0) return 'created';
      // A record under this id is an earlier registration of the same address.
      return failed.includes('record') || failed.includes('email') ? 'email_taken' : 'username_taken';
    },

    async update(change) {
      const { before, after, entry, remainingAdminId } = change;
      const isRenamed = before.username.toLowerCase() !== after.username.toLowerCase();
      const failed = await write([
        ['record', updateRecord(table, change)],
        ['audit', putNew(tables.audit, auditItem(entry))],
        ...(isRenamed
          ? ([
              ['username', putNew(table, { ...usernameKey(after.username), userId: after.userId })],
              ['old username', { Delete: { TableName: table, Key: usernameKey(before.username) } }],
            ] as const)
          : []),
        ...(remainingAdminId === undefined ? [] : ([['admin', isAdmin(table, remainingAdminId)]] as const)),
      ]);
      if (failed.length === 0) return 'updated';
      return failed.includes('username') && !failed.includes('record') ? 'username_taken' : 'stale';
    },

    list: (role, page) => listUsers(client, table, role, page),

    async touch(userId, at) {
      await tryUpdate(
        new UpdateCommand({
          TableName: table,
          Key: userKey(userId),
          UpdateExpression: 'SET lastActiveAt = :at',
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeValues: { ':at': at },
        }),
      );
    },

    recordDevices: (userId, before, after, at) =>
      tryUpdate(
        new UpdateCommand({
          TableName: table,
          Key: userKey(userId),
          UpdateExpression: 'SET deviceInfo = :after, lastActiveAt = :at',
          ConditionExpression: 'deviceInfo = :before',
          ExpressionAttributeValues: { ':before': before, ':after': after, ':at': at },
        }),
      ),

    async findOtherAdminId(userId) {
      let position: Record<string, unknown> | undefined;
      do {
        const { Items = [], LastEvaluatedKey } = await transiently(() =>
          client.send(
            new QueryCommand({
              TableName: table,
              IndexName: 'byRole',
              KeyConditionExpression: '#role = :admin',
              FilterExpression: 'disabled = :no',
              ExpressionAttributeNames: { '#role': 'role' },
              ExpressionAttributeValues: { ':admin': 'Admin', ':no': false },
              ExclusiveStartKey: position,
            }),
          ),
        );
        const other = Items.map((item) => ownerSchema.parse(item).userId).find((id) => id !== userId);
        if (other !== undefined) return other;
        position = LastEvaluatedKey;
      } while (position);
      return undefined;
    },
  };
}

function updateRecord(table: string, { before, after }: UserChange): TransactItem {
  const { expression, names, values } = changedAttributes(before, after);
  return {
    Update: {
      TableName: table,
      Key: userKey(before.userId),
      UpdateExpression: expression,
      ConditionExpression: '#version = :readVersion',
      ExpressionAttributeNames: { ...names, '#version': 'version' },
      ExpressionAttributeValues: { ...values, ':readVersion': before.version },
    },
  };
}

function isAdmin(table: string, userId: string): TransactItem {
  return {
    ConditionCheck: {
      TableName: table,
      Key: userKey(userId),
      ConditionExpression: '#role = :admin AND disabled = :no',
      ExpressionAttributeNames: { '#role': 'role' },
      ExpressionAttributeValues: { ':admin': 'Admin', ':no': false },
    },
  };
}
