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
  const rights: Record<string, { items: readonly string[]; others?: readonly string[] }> = {
    authorizer: { items: [] },
    user: {
      items: [
        ...dispatcher,
        'Users:ConditionCheckItem',
        'Users:DeleteItem',
        'Users:PutItem',
        'Users:UpdateItem',
        'Users/byRole:Query',
        'Orders:DeleteItem',
        'Orders:Query',
      ],
      others: ['secretsmanager:GetSecretValue', 'states:SendTaskSuccess'],
    },
    product: {
      items: [
        ...dispatcher,
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
        'Idempotency:GetItem',
        'Idempotency:PutItem',
        'Audit:Query',
        'Orders:DeleteItem',
        'Products:BatchGetItem',
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
        'Inventory:BatchGetItem',
        'Inventory:PutItem',
        'Idempotency:PutItem',
        'Idempotency:UpdateItem',
        'Audit:PutItem',
      ],
      others: ['sns:Publish', 'states:SendTaskSuccess'],
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
    payment: { items: ['Orders:UpdateItem'] },
    notification: { items: ['Idempotency:PutItem', 'Idempotency:UpdateItem'], others: ['sns:Publish'] },
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
        'states:DescribeExecution',
        'states:ListExecutions',
        'states:SendTaskSuccess',
        'states:StartExecution',
      ],
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

  it('is to append to the audit trail, never to change it', () => {
    for (const name of lambdas(backend).keys()) {
      for (const right of itemRights(name)) expect(right, name).not.toMatch(/^Audit:(Update|Delete)Item$/);
    }
  });
});
