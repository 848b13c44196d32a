import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import {
  type PaymentReader,
  type PaymentRecord,
  type PaymentRecords,
  paymentRecordSchema,
} from '../../payments/payment-record.ts';
import type { Dynamo } from './client.ts';
import { transiently } from './faults.ts';
import { paymentKey } from './order-item.ts';

/**
 * The item calls the record's status `state`: under the order's own attribute name every payment step would
 * be written to the index of orders by status as well.
 */
const storedSchema = z.object({
  ...paymentRecordSchema.omit({ status: true }).shape,
  state: paymentRecordSchema.shape.status,
});

export function toPaymentRecord(item: unknown): PaymentRecord {
  const { state, ...record } = storedSchema.parse(item);
  return state === undefined ? record : { ...record, status: state };
}

type Change = Omit<UpdateCommandInput, 'TableName' | 'Key' | 'ExpressionAttributeNames'>;

const names = { '#state': 'state', '#undo': 'undo' };

/** Payment records beside their orders. Every step is one conditional update. */
export function createPaymentRecords(client: Dynamo, table: string): PaymentRecords {
  const update = async (
    orderId: string,
    ExpressionAttributeNames: Record<string, string>,
    change: Change,
  ) => {
    const command = new UpdateCommand({
      TableName: table,
      Key: paymentKey(orderId),
      ExpressionAttributeNames,
      ReturnValues: 'ALL_NEW',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      ...change,
    });
    const { Attributes } = await transiently(() => client.send(command));
    return toPaymentRecord(Attributes);
  };
  /** Answers the record that refused the change; undefined when it was made. */
  const refusedBy = async (orderId: string, change: Change): Promise<PaymentRecord | undefined> => {
    try {
      await update(orderId, names, change);
      return undefined;
    } catch (error) {
      return standing(error, orderId);
    }
  };
  return {
    async beginAttempt(orderId, provider, amount, { at, customerId } = {}) {
      const first = Object.entries({ firstAttemptAt: at?.toISOString(), customerId }).filter(
        ([, value]) => value !== undefined,
      );
      try {
        const record = await update(orderId, names, {
          UpdateExpression: [
            'SET orderId = :orderId, provider = :provider, amount = :amount, #state = :authorizing',
            ...first.map(([name]) => `, ${name} = if_not_exists(${name}, :${name})`),
            ' ADD attempts :one',
          ].join(''),
          ConditionExpression: [
            'attribute_not_exists(#undo) AND (attribute_not_exists(#state) OR #state = :authorizing)',
            '(attribute_not_exists(provider) OR provider = :provider)',
          ].join(' AND '),
          ExpressionAttributeValues: {
            ...Object.fromEntries(first.map(([name, value]) => [`:${name}`, value])),
            ':orderId': orderId,
            ':provider': provider,
            ':amount': amount,
            ':authorizing': 'authorizing',
            ':one': 1,
          },
        });
        return { begun: true, record };
      } catch (error) {
        return { begun: false, record: standing(error, orderId) };
      }
    },
    settle(orderId, result) {
      const { status, paymentId } = result;
      const { fraudReasons, paymentCountry } = result.status === 'authorized' ? result : {};
      const told = Object.entries({ paymentId, fraudReasons, paymentCountry }).filter(
        ([, value]) => value !== undefined,
      );
      return refusedBy(orderId, {
        UpdateExpression: [
          'SET #state = :status',
          'fraudFlag = :flag',
          ...told.map(([name]) => `${name} = :${name}`),
        ].join(', '),
        ConditionExpression: 'attribute_not_exists(#undo) AND #state = :authorizing',
        ExpressionAttributeValues: {
          ':status': status,
          ':flag': status === 'authorized' && result.fraudFlag,
          ':authorizing': 'authorizing',
          ...Object.fromEntries(told.map(([name, value]) => [`:${name}`, value])),
        },
      });
    },
    async giveVerdict(orderId, reasons) {
      try {
        return await update(orderId, names, {
          UpdateExpression: 'SET fraudReasons = :reasons, fraudFlag = :flag',
          ConditionExpression:
            'attribute_not_exists(#undo) AND attribute_not_exists(fraudReasons) AND #state IN (:authorized, :captured)',
          ExpressionAttributeValues: {
            ':reasons': reasons,
            ':flag': reasons.length > 0,
            ':authorized': 'authorized',
            ':captured': 'captured',
          },
        });
      } catch (error) {
        return standing(error, orderId);
      }
    },
    captured(orderId) {
      return refusedBy(orderId, {
        UpdateExpression: 'SET #state = :captured',
        ConditionExpression: 'attribute_not_exists(#undo) AND #state IN (:authorized, :captured)',
        ExpressionAttributeValues: { ':authorized': 'authorized', ':captured': 'captured' },
      });
    },
    beginUndo(orderId) {
      return update(
        orderId,
        { '#undo': 'undo' },
        {
          UpdateExpression: 'SET orderId = :orderId, #undo = if_not_exists(#undo, :started)',
          ExpressionAttributeValues: { ':orderId': orderId, ':started': 'started' },
        },
      );
    },
    async endUndo(orderId, refunded) {
      await update(
        orderId,
        { '#undo': 'undo' },
        {
          UpdateExpression: `SET #undo = :done${refunded ? ', refunded = :refunded' : ''}`,
          ExpressionAttributeValues: { ':done': 'done', ...(refunded ? { ':refunded': refunded } : {}) },
        },
      );
    },
  };
}

/** For whoever looks at a payment from outside its steps: one strong read. */
export function createPaymentReader(client: Dynamo, table: string): PaymentReader {
  return {
    async find(orderId) {
      const command = new GetCommand({ TableName: table, Key: paymentKey(orderId), ConsistentRead: true });
      const { Item } = await transiently(() => client.send(command));
      return Item && toPaymentRecord(Item);
    },
  };
}

/** The record that a false condition met; any other error is thrown on. */
function standing(error: unknown, orderId: string): PaymentRecord {
  if (!(error instanceof ConditionalCheckFailedException)) throw error;
  return error.Item ? toPaymentRecord(unmarshall(error.Item)) : { orderId, attempts: 0 };
}
