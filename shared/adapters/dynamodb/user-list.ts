import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { Page, PageRequest } from '../../api/list.ts';
import type { StoredRole } from '../../identity/roles.ts';
import type { User } from '../../identity/user.ts';
import type { Dynamo } from './client.ts';
import { transiently } from './faults.ts';
import { toUser } from './user-directory.ts';

/** Users by their ids, which sort by registration, on the index of one role or of all. */
export async function listUsers(
  client: Dynamo,
  table: string,
  role: StoredRole | undefined,
  { limit, after }: PageRequest,
): Promise<Page<User>> {
  const [index, key, value] =
    role === undefined ? ['byListing', 'listing', 'USER'] : ['byRole', 'role', role];
  const { Items = [] } = await transiently(() =>
    client.send(
      new QueryCommand({
        TableName: table,
        IndexName: index,
        KeyConditionExpression: '#key = :value AND userId > :after',
        ExpressionAttributeNames: { '#key': key },
        ExpressionAttributeValues: { ':value': value, ':after': after?.userId ?? ' ' },
        Limit: limit + 1,
      }),
    ),
  );
  const users = Items.slice(0, limit).map(toUser);
  const last = users.at(-1);
  return { items: users, ...(Items.length > limit && last ? { next: { userId: last.userId } } : {}) };
}
