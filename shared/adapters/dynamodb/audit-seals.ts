import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { type Head, headSchema, type PersonalPart, type Seal, sealSchema } from '../../audit/seal.ts';
import type { SealStore } from '../../audit/seal-entries.ts';
import { batchGet } from './batch-get.ts';
import type { Dynamo } from './client.ts';
import { conditionally } from './faults.ts';
import { type RetryEffects, type TransactItem, transact } from './transact.ts';

const headKey = (chain: string) => ({ pk: chain, sk: 'HEAD' });
const saltNames = { where: 'whereSalt', reason: 'reasonSalt' } as const satisfies Record<
  PersonalPart,
  keyof Seal
>;
/** A seal lies under the key of its entry: an entry has one seal, whoever writes it. */
const sealKey = (chain: string, entry: string) => ({ pk: chain, sk: `ENTRY#${entry}` });

function toHead(item: Record<string, unknown>): Head {
  const { pk: _pk, sk: _sk, ...head } = item;
  return headSchema.parse(head);
}

function toSeal(item: Record<string, unknown>): Seal {
  const { pk: _pk, sk: _sk, ...seal } = item;
  return sealSchema.parse(seal);
}

/** Chains in a table of their own, which only the sealer may write. */
export function createSealStore(client: Dynamo, table: string, effects: RetryEffects): SealStore {
  return {
    async read(chain, entries) {
      const keys = [headKey(chain), ...new Set(entries)].map((one) =>
        typeof one === 'string' ? sealKey(chain, one) : one,
      );
      const items = await batchGet(client, table, keys, effects, { consistent: true });
      const head = items.find(({ sk }) => sk === 'HEAD');
      const seals = items.filter((item) => item !== head).map(toSeal);
      return { head: head && toHead(head), sealed: new Set(seals.map(({ entry }) => entry)) };
    },

    async append(seals, before, after) {
      const actions = [headPut(table, before, after), ...seals.map((seal) => sealPut(table, seal))];
      return (await transact(client, actions, effects)) === undefined;
    },

    async forget(chain, entry, parts) {
      if (parts.length === 0) return;
      const command = new UpdateCommand({
        TableName: table,
        Key: sealKey(chain, entry),
        UpdateExpression: `REMOVE ${parts.map((part) => saltNames[part]).join(', ')}`,
        ConditionExpression: 'attribute_exists(pk)',
      });
      await conditionally(() => client.send(command));
    },
  };
}

function headPut(TableName: string, before: Head | undefined, after: Head): TransactItem {
  return {
    Put: {
      TableName,
      Item: { ...headKey(after.chain), ...after },
      ...(before
        ? {
            ConditionExpression: '#hash = :hash',
            ExpressionAttributeNames: { '#hash': 'hash' },
            ExpressionAttributeValues: { ':hash': before.hash },
          }
        : { ConditionExpression: 'attribute_not_exists(pk)' }),
    },
  };
}

function sealPut(TableName: string, seal: Seal): TransactItem {
  const Item = { ...sealKey(seal.chain, seal.entry), ...seal };
  return { Put: { TableName, Item, ConditionExpression: 'attribute_not_exists(pk)' } };
}

/**
 * An item of the table as it was read: a chain's head, or a seal with the key that it lies under.
 * @returns undefined for what is neither any more: it was changed, so it is missed
 */
export function readSealItem(
  item: Readonly<Record<string, unknown>>,
): { readonly head: Head } | { readonly key: string; readonly seal: Seal } | undefined {
  const { pk: _pk, sk, ...fields } = item;
  if (sk === 'HEAD') {
    const head = headSchema.safeParse(fields).data;
    return head && { head };
  }
  const seal = sealSchema.safeParse(fields).data;
  return seal && { key: String(sk).replace(/^ENTRY#/, ''), seal };
}
