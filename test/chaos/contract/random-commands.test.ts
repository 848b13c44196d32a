import {
  BatchGetCommand,
  DeleteCommand,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TestDynamo } from '../../support/dynamo.ts';
import { backends, outcome } from './backends.ts';

let stores: TestDynamo[];
let run = 0;
beforeAll(async () => {
  stores = await Promise.all(backends.map(({ start }) => start()));
});
afterAll(() => Promise.all(stores.map((store) => store.stop())));

type Attributes = Record<string, unknown>;

/** An expression with a `?` for each of its values. */
interface Fragment {
  readonly text: string;
  readonly values: readonly unknown[];
}
interface Write {
  readonly kind: 'Put' | 'Update' | 'Delete' | 'ConditionCheck';
  readonly sk: string;
  readonly item: Attributes;
  readonly update: Fragment;
  readonly condition: Fragment | undefined;
  readonly returnsStanding: boolean;
  readonly returns: string;
}

const sk = fc.constantFrom('a', 'b', 'c');
const number = fc.integer({ min: -3, max: 3 });
const text = fc.constantFrom('', 'x', 'xy', 'é');
const scalar = fc.oneof(number, text, fc.boolean(), fc.constant(null));
const words = fc.uniqueArray(fc.constantFrom('p', 'q', 'r'), { minLength: 1 }).map((all) => new Set(all));
const list = fc.array(scalar, { maxLength: 3 });

const item: fc.Arbitrary<Attributes> = fc.record(
  { n: number, t: text, l: list, w: words, m: fc.record({ x: scalar }), score: number, v: scalar },
  { requiredKeys: [] },
);

function fragment(text: string, ...values: fc.Arbitrary<unknown>[]): fc.Arbitrary<Fragment> {
  return fc.tuple(...values).map((given) => ({ text, values: given }));
}

const attribute = fc.constantFrom('n', 't', 'l', 'w', 'm', 'm.x', 'l[0]', 'v', 'score', 'pk', 'absent');
const term: fc.Arbitrary<Fragment> = fc.oneof(
  attribute.chain((name) => fragment(`attribute_exists(${name})`)),
  attribute.chain((name) => fragment(`attribute_not_exists(${name})`)),
  attribute.chain((name) => fragment(`${name} = ?`, scalar)),
  attribute.chain((name) => fragment(`${name} <> ?`, scalar)),
  fc.constantFrom('<', '<=', '>', '>=').chain((by) => fragment(`n ${by} ?`, number)),
  fc.constantFrom('<', '>=').chain((by) => fragment(`t ${by} ?`, text)),
  fragment('n BETWEEN ? AND ?', fc.constant(-1), fc.constant(2)),
  fragment('v IN (?, ?)', scalar, scalar),
  fragment('begins_with(t, ?)', text),
  fragment('contains(w, ?)', fc.constantFrom('p', 'q')),
  fragment('contains(l, ?)', scalar),
  fragment('size(l) > ?', number),
  fragment('n <= score'),
  fragment('w = ?', words),
);
const joined = (one: Fragment, word: string, other: Fragment): Fragment => ({
  text: `${one.text} ${word} ${other.text}`,
  values: [...one.values, ...other.values],
});
const condition: fc.Arbitrary<Fragment> = fc.oneof(
  { weight: 3, arbitrary: term },
  fc.tuple(term, term, fc.constantFrom('AND', 'OR', 'AND NOT')).map(([a, b, word]) => joined(a, word, b)),
  fc
    .tuple(term, term, term)
    .map(([a, b, c]) => joined({ ...joined(a, 'OR', b), text: `(${a.text} OR ${b.text})` }, 'AND', c)),
);

const set: fc.Arbitrary<Fragment> = fc.oneof(
  fragment('SET n = ?', number),
  fragment('SET n = n + ?', number),
  fragment('SET n = if_not_exists(n, ?) - ?', number, number),
  fragment('SET t = ?, v = t', text),
  fragment('SET l = list_append(l, ?)', list),
  fragment('SET l = list_append(if_not_exists(l, ?), ?)', fc.constant([]), list),
  fragment('SET l[0] = ?', scalar),
  fragment('SET m.x = ?', scalar),
  fragment('SET m = ?', fc.record({ x: scalar, y: scalar })),
  fragment('SET score = ?', number),
  fragment('SET score = n'),
  fragment('SET v = ?', fc.oneof(scalar, list)),
);
const other: fc.Arbitrary<Fragment> = fc.oneof(
  fragment('ADD k ?', number),
  fragment('ADD w ?', words),
  fragment('DELETE w ?', words),
  fragment('REMOVE d'),
);
const update = fc.oneof(
  set,
  other,
  fc.tuple(set, other).map(([a, b]) => joined(a, '', b)),
  fc.constantFrom('REMOVE t', 'REMOVE l, m', 'REMOVE score, n').chain((text) => fragment(text)),
);

const write = (...kinds: Write['kind'][]): fc.Arbitrary<Write> =>
  fc.record({
    kind: fc.constantFrom(...kinds),
    sk,
    item,
    update,
    condition: fc.option(condition, { nil: undefined }),
    returnsStanding: fc.boolean(),
    returns: fc.constantFrom('NONE', 'ALL_OLD', 'ALL_NEW', 'UPDATED_NEW'),
  });

type Step =
  | { readonly step: 'write'; readonly write: Write }
  | { readonly step: 'transact'; readonly writes: readonly Write[] }
  | { readonly step: 'get'; readonly sk: string }
  | { readonly step: 'batch'; readonly sorts: readonly string[] }
  | {
      readonly step: 'query';
      readonly filter: Fragment | undefined;
      readonly forward: boolean;
      readonly limit: number;
    }
  | { readonly step: 'scores'; readonly above: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      step: fc.constant('write' as const),
      write: write('Put', 'Update', 'Update', 'Delete'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      step: fc.constant('transact' as const),
      writes: fc.uniqueArray(write('Put', 'Update', 'Delete', 'ConditionCheck'), {
        minLength: 1,
        maxLength: 3,
        selector: (one) => one.sk,
      }),
    }),
  },
  fc.record({ step: fc.constant('get' as const), sk }),
  fc.record({ step: fc.constant('batch' as const), sorts: fc.uniqueArray(sk, { minLength: 1 }) }),
  fc.record({
    step: fc.constant('query' as const),
    filter: fc.option(
      condition.filter(({ text }) => !text.includes('pk')),
      { nil: undefined },
    ),
    forward: fc.boolean(),
    limit: fc.integer({ min: 1, max: 4 }),
  }),
  fc.record({ step: fc.constant('scores' as const), above: number }),
);

/** The expressions under the members' names, and one list of values for all of them. */
function expressions(fragments: Readonly<Record<string, Fragment | undefined>>) {
  const values: Attributes = {};
  const texts = Object.entries(fragments).flatMap(([member, fragment]) => {
    if (!fragment) return [];
    let next = 0;
    const text = fragment.text.replace(/\?/g, () => {
      const name = `:v${Object.keys(values).length}`;
      values[name] = fragment.values[next++];
      return name;
    });
    return [[member, text]];
  });
  return {
    ...(Object.fromEntries(texts) as Record<string, string>),
    ...(Object.keys(values).length > 0 ? { ExpressionAttributeValues: values } : {}),
  };
}

function parameters(
  { kind, sk, item, update, condition, returnsStanding }: Write,
  TableName: string,
  pk: string,
) {
  const exists = kind === 'ConditionCheck' ? { text: 'attribute_exists(pk)', values: [] } : undefined;
  return {
    TableName,
    ...(kind === 'Put' ? { Item: { pk, sk, ...item } } : { Key: { pk, sk } }),
    ...expressions({
      ConditionExpression: condition ?? exists,
      UpdateExpression: kind === 'Update' ? update : undefined,
    }),
    ...(returnsStanding ? { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const } : {}),
  };
}

function perform(store: TestDynamo, step: Step, pk: string): Promise<object> {
  const { client } = store;
  const TableName = store.table('insights');
  switch (step.step) {
    case 'write': {
      const { kind, returns } = step.write;
      const input = parameters(step.write, TableName, pk);
      // What an update gives of an item that was not there, the engine has its own view of.
      const ReturnValues = (
        kind === 'Update' ? returns.replace('ALL_OLD', 'NONE') : returns.replace(/.*NEW/, 'NONE')
      ) as 'NONE';
      const Command = { Put: PutCommand, Update: UpdateCommand, Delete: DeleteCommand }[kind as 'Put'];
      return client.send(new Command({ ...input, ReturnValues } as never));
    }
    case 'transact':
      return client.send(
        new TransactWriteCommand({
          TransactItems: step.writes.map((one) => ({ [one.kind]: parameters(one, TableName, pk) })),
        }),
      );
    case 'get':
      return client.send(new GetCommand({ TableName, Key: { pk, sk: step.sk }, ConsistentRead: true }));
    case 'batch':
      return client
        .send(
          new BatchGetCommand({
            RequestItems: {
              [TableName]: { Keys: step.sorts.map((sk) => ({ pk, sk })), ConsistentRead: true },
            },
          }),
        )
        .then(({ Responses }) => ({
          found: new Set(Responses?.[TableName]?.map((one) => JSON.stringify(one.sk))),
        }));
    case 'query':
      return client.send(
        new QueryCommand({
          TableName,
          ...expressions({
            KeyConditionExpression: { text: 'pk = ? AND sk > ?', values: [pk, ' '] },
            FilterExpression: step.filter,
          }),
          ScanIndexForward: step.forward,
          Limit: step.limit,
          ConsistentRead: true,
        }),
      );
    case 'scores':
      return (
        client
          .send(
            new QueryCommand({
              TableName,
              IndexName: 'byScore',
              KeyConditionExpression: 'pk = :pk AND score > :above',
              ExpressionAttributeValues: { ':pk': pk, ':above': step.above },
            }),
          )
          // Equal scores stand in no order.
          .then(({ Items = [], Count }) => ({
            Count,
            found: new Set(Items.map((one) => `${one.sk} ${one.score}`)),
          }))
      );
  }
}

/** Which of two refusals an invalid action of a transaction earns, engines see differently; that it earns one, not. */
function plain(found: object): object {
  const { reasons = [] } = found as { reasons?: readonly { readonly Code: string }[] };
  const isInvalid = reasons.some(({ Code }) => Code === 'ValidationError');
  return isInvalid ? { refused: 'ValidationException' } : found;
}

test('any sequence of commands has the same answers and refusals here and there', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
      run += 1;
      const pk = `run ${run}`;
      for (const one of [...steps, { step: 'query', filter: undefined, forward: true, limit: 9 } as const]) {
        const [here, there] = await Promise.all(
          stores.map((store) => outcome(perform(store, one, pk)).then(plain)),
        );
        expect(here).toEqual(there);
      }
    }),
    { numRuns: 120, seed: 20_260_302 },
  );
});
