import { describe, expect, it } from 'vitest';
import { lambdas, type Statement, statements, templatesOf, text } from './templates.ts';

describe('what a Lambda may do', () => {
  const { backend } = templatesOf('prod');

  /** `table:Action` of each right on items, e.g. `Orders:GetItem` or `Orders/byUser:Query`. */
  function itemRights(name: string): string[] {
    return rightsOf(name)
      .flatMap(({ actions, resources }) =>
        actions
          .filter((action) => action.startsWith('dynamodb:'))
          .flatMap((action) => resources.map((one) => `${tableIn(one)}:${action.replace('dynamodb:', '')}`)),
      )
      .sort();
  }

  function otherRights(name: string): string[] {
    const boring = /^(dynamodb|kms|logs|xray):/;
    return rightsOf(name)
      .flatMap(({ actions }) => actions)
      .filter((action) => !boring.test(action))
      .sort();
  }

  function rightsOf(name: string): Statement[] {
    const lambda = lambdas(backend).get(name);
    const role = text(lambda?.properties.Role).slice(1).replace('.Arn>', '');
    return statements(backend, role);
  }

  function tableIn(arn: string): string {
    if (arn === '*') return 'any stream';
    const stream = /GetAttTables([A-Za-z]+?)[0-9A-F]{8}StreamArn[0-9A-F]{8}>$/.exec(arn)?.[1];
    if (stream !== undefined) return `stream of ${stream}`;
    const [, table = '', index = ''] =
      /GetAttTables([A-Za-z]+?)[0-9A-F]{8}Arn[0-9A-F]{8}>(\/index\/\w+)?$/.exec(arn) ?? [];
    return table + index.replace('/index', '');
  }

  const dispatcher = ['Audit:PutItem', 'Idempotency:UpdateItem', 'Users:GetItem'];
  const delivery = ['Users:GetItem', 'Idempotency:UpdateItem'];
  const fromQueue = ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'];
  const rights: Record<string, { items: readonly string[]; others?: readonly string[] }> = {
    authorizer: { items: [] },
    user: {
      items: [
        ...dispatcher,
        'Audit:Query',
        'Audit:UpdateItem',
        'Audit/byActor:Query',
        'Idempotency:BatchGetItem',
        'Idempotency:DeleteItem',
        'Idempotency:PutItem',
        'Users:ConditionCheckItem',
        'Users:DeleteItem',
        'Users:PutItem',
        'Users:UpdateItem',
        'Users/byListing:Query',
        'Users/byRole:Query',
        'Orders:BatchGetItem',
        'Orders:DeleteItem',
        'Orders:GetItem',
        'Orders:PutItem',
        'Orders:Query',
        'Orders/byUser:Query',
        'Products:GetItem',
        'Products:UpdateItem',
      ],
      others: [
        'kinesis:PutRecords',
        'secretsmanager:GetSecretValue',
        'sns:Publish',
        'states:DescribeExecution',
        'states:SendTaskSuccess',
      ],
    },
    product: {
      items: [
        ...dispatcher,
        'Audit:Query',
        'Products:BatchGetItem',
        'Products:GetItem',
        'Products:PutItem',
        'Products:UpdateItem',
        'Listings:DeleteItem',
        'Listings:PutItem',
        'Listings:Query',
        'Listings/byName:Query',
        'Inventory:PutItem',
        'Inventory/ledger:Query',
      ],
    },
    order: {
      items: [
        ...dispatcher,
        'Users:ConditionCheckItem',
        'Idempotency:GetItem',
        'Idempotency:PutItem',
        'Audit:Query',
        'Orders:DeleteItem',
        'Products:BatchGetItem',
        'Inventory:BatchGetItem',
        'Insights:Query',
        'Insights/byScore:Query',
        'Products:GetItem',
        'Listings:Query',
        'Promotions:BatchGetItem',
        'Promotions:DeleteItem',
        'Promotions:GetItem',
        'Promotions:PutItem',
        'Promotions:Query',
        'Promotions:UpdateItem',
        'Orders:BatchGetItem',
        'Orders:GetItem',
        'Orders:PutItem',
        'Orders:Query',
        'Orders/byMonth:Query',
        'Orders/byStatus:Query',
        'Orders/byUser:Query',
      ],
      others: [
        'states:DescribeExecution',
        'states:GetExecutionHistory',
        'states:SendTaskSuccess',
        'states:StartExecution',
      ],
    },
    'order-workflow': {
      items: [
        'Users:GetItem',
        'Users:UpdateItem',
        'Products:BatchGetItem',
        'Products:UpdateItem',
        'Listings:Query',
        'Promotions:DeleteItem',
        'Promotions:UpdateItem',
        'Orders:DeleteItem',
        'Orders:GetItem',
        'Orders:PutItem',
        'Orders:Query',
        'Orders:UpdateItem',
        'Inventory:BatchGetItem',
        'Inventory:PutItem',
        'Idempotency:BatchGetItem',
        'Audit:PutItem',
      ],
      others: ['states:SendTaskSuccess'],
    },
    inventory: {
      items: [
        'Products:BatchGetItem',
        'Products:UpdateItem',
        'Inventory:BatchGetItem',
        'Inventory:PutItem',
        'Inventory:UpdateItem',
      ],
    },
    payment: { items: ['Orders:GetItem', 'Orders:UpdateItem'] },
    'payment-webhook': {
      items: [
        'Orders:GetItem',
        'Orders:PutItem',
        'Orders:UpdateItem',
        'Audit:PutItem',
        'Idempotency:PutItem',
        'Idempotency:UpdateItem',
      ],
      others: ['sns:Publish'],
    },
    notification: { items: ['Idempotency:PutItem', 'Idempotency:UpdateItem'], others: ['sns:Publish'] },
    announcement: {
      items: ['Users/byRole:Query', 'Promotions:GetItem', 'Idempotency:PutItem', 'Idempotency:UpdateItem'],
      others: ['sns:Publish'],
    },
    'order-notices': {
      items: [
        'Idempotency:PutItem',
        'Idempotency:UpdateItem',
        'stream of Orders:DescribeStream',
        'stream of Orders:GetRecords',
        'stream of Orders:GetShardIterator',
        'stream of Products:DescribeStream',
        'stream of Products:GetRecords',
        'stream of Products:GetShardIterator',
        'any stream:ListStreams',
      ],
      others: ['kinesis:PutRecord', 'sns:Publish', 'sqs:SendMessage'],
    },
    // Alerts to the staff go by e-mail alone.
    'delivery-email': { items: [...delivery, 'Users/byRole:Query'], others: [...fromQueue, 'ses:SendEmail'] },
    // The right to publish, and the denial to do so to a topic or an endpoint (delivery.test.ts).
    'delivery-sms': { items: delivery, others: [...fromQueue, 'sns:Publish', 'sns:Publish'] },
    'delivery-push': { items: delivery, others: [...fromQueue, 'sns:Publish'] },
    analytics: { items: [], others: ['kinesis:PutRecord'] },
    audit: { items: ['Audit:PutItem', 'Orders:GetItem'] },
    reconciler: {
      items: [
        'Products:UpdateItem',
        'Orders:GetItem',
        'Orders:Query',
        'Orders/byReversal:Query',
        'Orders/byStatus:Query',
        'Inventory:BatchGetItem',
        'Inventory:PutItem',
        'Inventory:UpdateItem',
        'Inventory/byExpiry:Query',
      ],
      others: [
        'sqs:SendMessage',
        'states:DescribeExecution',
        'states:ListExecutions',
        'states:SendTaskSuccess',
        'states:StartExecution',
      ],
    },
    'audit-seal': {
      items: [
        'AuditSeals:BatchGetItem',
        'AuditSeals:PutItem',
        'AuditSeals:UpdateItem',
        'Users:GetItem',
        'Audit:Query',
        'stream of Audit:DescribeStream',
        'stream of Audit:GetRecords',
        'stream of Audit:GetShardIterator',
        'any stream:ListStreams',
      ],
      others: ['sqs:SendMessage'],
    },
    insights: {
      items: [
        'Insights:BatchGetItem',
        'Insights:PutItem',
        'Insights:UpdateItem',
        'stream of Orders:DescribeStream',
        'stream of Orders:GetRecords',
        'stream of Orders:GetShardIterator',
        'any stream:ListStreams',
      ],
      others: ['sqs:SendMessage'],
    },
  };

  it('is written down here for every Lambda', () => {
    expect([...lambdas(backend).keys()].sort()).toEqual(Object.keys(rights).sort());
  });

  it.each(Object.entries(rights))('is for %s exactly what its work takes', (name, { items, others = [] }) => {
    expect(itemRights(name)).toEqual([...items].sort());
    expect(otherRights(name)).toEqual([...others].sort());
  });

  it("is for the user Lambda to send codes over the users' topic, encrypted, and to read its own secrets", () => {
    const of = (action: string) => rightsOf('user').filter(({ actions }) => actions.includes(action));
    expect(of('sns:Publish').map(({ resources }) => resources.join())).toEqual([
      expect.stringMatching(/^<MessagingUserNotifications\w+>$/),
    ]);
    const secrets = of('secretsmanager:GetSecretValue').flatMap(({ resources }) => resources);
    expect(secrets.map((one) => /RefAuth0Client|RefCaptcha|RefMfaCodes/.exec(one)?.[0]).sort()).toEqual([
      'RefAuth0Client',
      'RefCaptcha',
      'RefMfaCodes',
    ]);
    expect(JSON.stringify(of('kms:GenerateDataKey'))).toContain('sns.us-east-1.amazonaws.com');
  });

  it('is to append to the audit trail, never to change it', () => {
    for (const name of lambdas(backend).keys()) {
      const changes = itemRights(name).filter((right) => /^Audit:(Update|Delete)Item$/.test(right));
      expect(changes, name).toEqual(name === 'user' ? ['Audit:UpdateItem'] : []);
    }
  });

  it('is for the sealer alone to write the hash chain of the trail', () => {
    for (const name of lambdas(backend).keys()) {
      const seals = itemRights(name).filter((right) => right.startsWith('AuditSeals'));
      expect(seals.length > 0, name).toBe(name === 'audit-seal');
    }
  });

  it('is for the sealer to ask who was erased and who placed an order, and to read no account', () => {
    expect(keysOf('audit-seal', 'GetItem', 'Users')).toEqual([['ERASURE#*']]);
    expect(keysOf('audit-seal', 'Query', 'Audit')).toEqual([['ORDER#*']]);
  });

  it('is to delete accounts and their names, and nobody from the register of erasures', () => {
    expect(keysOf('user', 'DeleteItem', 'Users')).toEqual([['USER#*', 'EMAIL#*', 'USERNAME#*']]);
    for (const name of lambdas(backend).keys()) {
      if (name !== 'user') expect(itemRights(name), name).not.toContain('Users:DeleteItem');
    }
  });

  /** Partitions that an action on a table is bounded to, of each statement that allows it. */
  function keysOf(name: string, action: string, table: string): unknown[] {
    return rightsOf(name)
      .filter(({ actions }) => actions.includes(`dynamodb:${action}`))
      .filter(({ resources }) => resources.some((arn) => tableIn(arn) === table))
      .map(({ conditions }) => Object(conditions)['ForAllValues:StringLike']?.['dynamodb:LeadingKeys']);
  }

  it('is, for an erasure alone, to overwrite where an entry’s actor was and what they wrote', () => {
    const [update, ...more] = rightsOf('user').filter(
      ({ actions, resources }) =>
        actions.includes('dynamodb:UpdateItem') && resources.some((arn) => tableIn(arn) === 'Audit'),
    );
    expect(more).toEqual([]);
    expect(update?.conditions).toEqual({
      'ForAllValues:StringEquals': { 'dynamodb:Attributes': ['pk', 'sk', 'where', 'reason'] },
      StringEqualsIfExists: { 'dynamodb:ReturnValues': ['NONE', 'UPDATED_OLD', 'UPDATED_NEW'] },
    });
  });
});
