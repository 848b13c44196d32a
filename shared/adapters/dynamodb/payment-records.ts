import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import {
  type PaymentRecord,
  type PaymentRecords,
  paymentRecordSchema,
} from '../../payments/payment-record.ts';
import type { Dynamo } from './client.ts';
import { isConditionFailure, transiently } from './faults.ts';
import { paymentKey } from './order-item.ts';

const storedSchema = z.object(paymentRecordSchema.shape);

export function toPaymentRecord(item: unknown): PaymentRecord {
  return storedSchema.parse(item);
}

/** Payment records beside their orders. Every step is one conditional update. */
export function createPaymentRecords(client: Dynamo, table: string): PaymentRecords {
  const update = (orderId: string, change: Omit<UpdateCommandInput, 'TableName' | 'Key'>) =>
    transiently(() =>
      client.send(new UpdateCommand({ TableName: table, Key: paymentKey(orderId), ...change })),
    );
  const updateIf = async (orderId: string, change: Omit<UpdateCommandInput, 'TableName' | 'Key'>) => {
    try {
      await update(orderId, change);
      return true;
    } catch (error) {
      if (isConditionFailure(error)) return false;
      throw error;
    }
  };
  return {
    async beginAttempt(orderId, provider, amount) {
      try {
        const { Attributes } = await update(orderId, {
          UpdateExpression:
            'SET orderId = :orderId, provider = :provider, amount = :amount, #status = :authorizing ADD attempts :one',
          ConditionExpression:
            'attribute_not_exists(#undo) AND (attribute_not_exists(#status) OR #status = :authorizing)',
          ExpressionAttributeNames: { '#status': 'status', '#undo': 'undo' },
          ExpressionAttributeValues: {
            ':orderId': orderId,
            ':provider': provider,
            ':amount': amount,
            ':authorizing': 'authorizing',
            ':one': 1,
          },
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        });
        return { begun: true, record: toPaymentRecord(Attributes) };
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException) || !error.Item) throw error;
        return { begun: false, record: toPaymentRecord(unmarshall(error.Item)) };
      }
    },
    settle(orderId, result) {
      const fraudFlag = result.status === 'authorized' && result.fraudFlag;
      const paymentId = result.paymentId;
      return updateIf(orderId, {
        UpdateExpression: `SET #status = :status, fraudFlag = :fraudFlag${paymentId ? ', paymentId = :paymentId' : ''}`,
        ConditionExpression: 'attribute_not_exists(#undo)',
        ExpressionAttributeNames: { '#status': 'status', '#undo': 'undo' },
        ExpressionAttributeValues: {
          ':status': result.status,
          ':fraudFlag': fraudFlag,
          ...(paymentId ? { ':paymentId': paymentId } : {}),
        },
      });
    },
    captured(orderId) {
      return updateIf(orderId, {
        UpdateExpression: 'SET #status = :captured',
        ConditionExpression: 'attribute_not_exists(#undo)',
        ExpressionAttributeNames: { '#status': 'status', '#undo': 'undo' },
        ExpressionAttributeValues: { ':captured': 'captured' },
      });
    },
    async beginUndo(orderId) {
      const { Attributes } = await update(orderId, {
        UpdateExpression: 'SET orderId = :orderId, #undo = if_not_exists(#undo, :started)',
        ExpressionAttributeNames: { '#undo': 'undo' },
        ExpressionAttributeValues: { ':orderId': orderId, ':started': 'started' },
        ReturnValues: 'ALL_NEW',
      });
      return toPaymentRecord(Attributes);
    },
    async endUndo(orderId, refunded) {
      await update(orderId, {
        UpdateExpression: `SET #undo = :done${refunded ? ', refunded = :refunded' : ''}`,
        ExpressionAttributeNames: { '#undo': 'undo' },
        ExpressionAttributeValues: { ':done': 'done', ...(refunded ? { ':refunded': refunded } : {}) },
      });
    },
  };
}
