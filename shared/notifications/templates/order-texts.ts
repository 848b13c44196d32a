import type { FailureCode } from '../../orders/order.ts';
import type { Occasion } from '../content.ts';
import { formatAmount, formatAmountInGsm } from '../format-amount.ts';
import type { Facts } from '../notification.ts';
import type { EventTexts } from './template.ts';

/** The same sentence by mail, with the order's number, and as a push message. */
const mailAndPush = (subject: string, sentence: string) => ({
  email: (_facts: unknown, occasion: Occasion) => ({ subject, paragraphs: [sentence, footnote(occasion)] }),
  push: () => ({ title: subject, body: sentence }),
});

interface Paid {
  readonly total?: string | undefined;
  readonly currency?: string | undefined;
}

/** ` of $19.99`, or nothing where the amount was not told. */
function ofTotal({ total, currency }: Paid, format = formatAmount): string {
  return total === undefined || currency === undefined ? '' : ` of ${format(total, currency)}`;
}

const ofTotalInGsm = (facts: Paid) => ofTotal(facts, formatAmountInGsm);

const footnote = ({ orderId }: Occasion) => `Your order number is ${orderId}.`;

export const orderConfirmation: EventTexts<'order_confirmation'> = {
  Customer: {
    email: (facts, occasion) => ({
      subject: 'Your order is confirmed',
      paragraphs: [
        `Thank you. We have received your payment${ofTotal(facts)}, and your order is being prepared.`,
        footnote(occasion),
      ],
    }),
    sms: (facts, { orderId }) =>
      `Order ${orderId} confirmed. Payment${ofTotalInGsm(facts)} received. Thank you.`,
    push: (facts) => ({
      title: 'Order confirmed',
      body: `We have received your payment${ofTotal(facts)}.`,
    }),
  },
};

export const orderPartial: EventTexts<'order_partial'> = {
  Customer: {
    email: (facts, occasion) => ({
      subject: 'A part of your order is confirmed',
      paragraphs: [
        'Not everything you ordered was in stock. As you allowed, we send what we have, and you paid for nothing else.',
        `We have received your payment${ofTotal(facts)}.`,
        footnote(occasion),
      ],
    }),
    sms: (facts, { orderId }) =>
      `Order ${orderId}: confirmed in part. Payment${ofTotalInGsm(facts)} received.`,
    push: (facts) => ({
      title: 'Part of your order confirmed',
      body: `Not everything was in stock. Payment${ofTotal(facts)} received.`,
    }),
  },
};

interface Failure {
  readonly subject: string;
  readonly reason: string;
}

const paymentFailed = 'Your payment failed';

/** One text for each way in which an order can fail: payment failed, rejected, out of stock and the others. */
const failures: Readonly<Record<FailureCode, Failure>> = {
  payment_declined: {
    subject: paymentFailed,
    reason:
      'Your payment was declined. You have not been charged. Please order again with another way to pay.',
  },
  payment_blocked: {
    subject: paymentFailed,
    reason: 'Your payment was not accepted. You have not been charged.',
  },
  payment_unavailable: {
    subject: paymentFailed,
    reason: 'Your payment could not be completed. Should you have been charged, the money is given back.',
  },
  review_rejected: {
    subject: 'Your order was not accepted',
    reason: 'We have checked your order and cannot accept it. You have not been charged.',
  },
  review_timeout: {
    subject: 'Your order was not accepted',
    reason:
      'We could not check your order in time. You have not been charged. You are welcome to order again.',
  },
  out_of_stock: {
    subject: 'Your order could not be filled',
    reason: 'What you ordered is no longer in stock. You have not been charged.',
  },
  profile_timeout: {
    subject: 'Your order has expired',
    reason: 'Your profile was not completed in time. You have not been charged.',
  },
  promo_invalid: {
    subject: 'Your order could not be placed',
    reason: 'Your promo code can no longer be used. You have not been charged.',
  },
  internal: {
    subject: 'Your order could not be completed',
    reason: 'Something went wrong on our side. Should you have been charged, the money is given back.',
  },
};

export const orderFailed: EventTexts<'order_failed'> = {
  Customer: {
    email: ({ failureCode }, occasion) => {
      const { subject, reason } = failures[failureCode];
      return { subject, paragraphs: [reason, footnote(occasion)] };
    },
    sms: ({ failureCode }, { orderId }) => `Order ${orderId}: ${failures[failureCode].subject}.`,
    push: ({ failureCode }) => {
      const { subject, reason } = failures[failureCode];
      return { title: subject, body: reason };
    },
  },
};

export const orderCancelled: EventTexts<'order_cancelled'> = {
  Customer: {
    email: (_facts, occasion) => ({
      subject: 'Your order is cancelled',
      paragraphs: [
        'Your order is cancelled. Whatever you have paid for it goes back the way it came.',
        footnote(occasion),
      ],
    }),
    push: () => ({ title: 'Order cancelled', body: 'Whatever you have paid goes back the way it came.' }),
  },
};

export const orderRefunded: EventTexts<'order_refunded'> = {
  Customer: {
    email: (_facts, occasion) => ({
      subject: 'Your order is refunded',
      paragraphs: [
        'We have given your money back. It may take some days until it shows on your account.',
        footnote(occasion),
      ],
    }),
    push: () => ({ title: 'Order refunded', body: 'We have given your money back.' }),
  },
};

export const orderOnHold: EventTexts<'order_on_hold'> = {
  Customer: {
    email: (facts, occasion) => ({
      subject: 'We are checking your order',
      paragraphs: [
        `Before we accept your order${ofTotal(facts)}, one of us looks at it. There is nothing for you to do.`,
        'You will hear from us as soon as it is decided. Until then you are not charged.',
        footnote(occasion),
      ],
    }),
    push: () => ({
      title: 'We are checking your order',
      body: 'There is nothing for you to do; we tell you as soon as it is decided.',
    }),
  },
  Manager: {
    email: (facts, { orderId }) => ({
      subject: `Review needed: order ${orderId}`,
      paragraphs: [
        `An order${ofTotal(facts)} was held on suspicion of fraud and waits for a decision.`,
        ...(facts.explanation === undefined ? [] : [facts.explanation]),
        ...(facts.reasons === undefined ? [] : [`Reasons: ${facts.reasons}`]),
        `Approve or reject order ${orderId}. When its time is up it is rejected.`,
      ],
    }),
  },
};

export const orderApproved: EventTexts<'order_approved'> = {
  Customer: mailAndPush('Your order is accepted', 'We have checked your order and accept it.'),
};

export const orderShipped: EventTexts<'order_shipped'> = {
  Customer: {
    email: (_facts, occasion) => ({
      subject: 'Your order is on its way',
      paragraphs: ['We have shipped your order.', footnote(occasion)],
    }),
    sms: (_facts, { orderId }) => `Order ${orderId} is on its way.`,
    push: () => ({ title: 'Order shipped', body: 'Your order is on its way.' }),
  },
};

export const orderDelivered: EventTexts<'order_delivered'> = {
  Customer: mailAndPush('Your order has arrived', 'Your order was delivered. Enjoy it.'),
};

export const paymentAlert: EventTexts<'payment_alert'> = {
  Manager: {
    email: ({ happened, refunded, currency }, { orderId }) => ({
      subject: `Payment ${happenings[happened].subject}: order ${orderId}`,
      paragraphs: [
        happenings[happened].sentence,
        `Given back by now: ${formatAmount(refunded, currency)}. The order number is ${orderId}.`,
      ],
    }),
  },
};

const happenings: Readonly<
  Record<Facts<'payment_alert'>['happened'], { readonly subject: string; readonly sentence: string }>
> = {
  refunded: {
    subject: 'refunded',
    sentence: 'Money was given back at the payment provider, not by way of the shop.',
  },
  disputed: {
    subject: 'disputed',
    sentence:
      'The cardholder has disputed the payment with the bank. Answer it at the payment provider in time.',
  },
  refund_failed: {
    subject: 'refund failed',
    sentence: 'The bank has sent a refund back: the money is still with us, and the customer waits for it.',
  },
  refund_refused: {
    subject: 'refund refused',
    sentence:
      'The payment provider will not give the money back by itself. Give it back by hand; the customer waits.',
  },
  wrong_amount: {
    subject: 'of a wrong amount',
    sentence:
      'A payment of another amount than the order has came in and was given back. Find out who made it.',
  },
};

export const lowStock: EventTexts<'low_stock'> = {
  Manager: {
    email: ({ productId, name, availableCount, threshold }) => ({
      subject: `Low stock: ${name}`,
      paragraphs: [
        `${name} (${productId}) has ${availableCount} left. Its threshold is ${threshold}.`,
        'You are told again when it has been above the threshold and falls to it once more.',
      ],
    }),
  },
};
