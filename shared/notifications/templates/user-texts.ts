import { formatAmount } from '../format-amount.ts';
import type { Facts } from '../notification.ts';
import type { EventTexts } from './template.ts';

/** Nobody of ours ever asks for a code: who is told so is harder to trick out of it. */
const code = {
  email: (facts: Facts<'mfa_code'>) => ({
    subject: 'Your login code',
    paragraphs: [
      `Your code is ${facts.code}.`,
      `It is good until ${timeOf(facts.expiresAt)} and for the device that asked for it.`,
      'We will never ask you for it. If you did not try to log in, somebody knows your password: change it.',
    ],
  }),
  sms: (facts: Facts<'mfa_code'>) =>
    `${facts.code} is your login code until ${timeOf(facts.expiresAt)}. We never ask for it.`,
};

export const mfaCode: EventTexts<'mfa_code'> = { Customer: code, Manager: code, Admin: code };

export const promotion: EventTexts<'promotion'> = {
  Customer: {
    email: (facts) => ({
      subject: `${discountOf(facts)} off for you`,
      paragraphs: [
        `With the code ${facts.code} you get ${discountOf(facts)} off your order.`,
        ...termsIn(facts),
        'You get this mail because you subscribed to our newsletter. You can end that in your profile at any time.',
      ],
    }),
    push: (facts) => ({
      title: `${discountOf(facts)} off`,
      body: [`Use the code ${facts.code}.`, ...termsIn(facts)].join(' '),
    }),
  },
};

/** Everything that could have the code refused: whoever is told of it is told of that too. */
function termsIn(facts: Facts<'promotion'>): string[] {
  const { currency, minimum, minimumCurrency, maxUses, maxUsesPerUser, firstOrderOnly, expiresAt } = facts;
  const isBelow = minimum !== undefined && minimumCurrency !== undefined && minimum !== '0';
  return [
    ...(isBelow ? [`It is for orders of ${formatAmount(minimum, minimumCurrency)} or more.`] : []),
    ...(currency === undefined ? [] : [`It is for orders in ${currency}.`]),
    ...(firstOrderOnly === undefined ? [] : ['It is for your first order.']),
    ...(maxUsesPerUser === undefined || firstOrderOnly !== undefined
      ? []
      : [`You can use it ${times(maxUsesPerUser)}.`]),
    ...(maxUses === undefined ? [] : [`It can be used ${times(maxUses)} in all: first come, first served.`]),
    ...(expiresAt === undefined ? [] : [`It is good until ${momentOf(expiresAt)}.`]),
  ];
}

function times(count: string): string {
  return count === '1' ? 'once' : `${count} times`;
}

function discountOf({ kind, value, currency = 'USD' }: Facts<'promotion'>): string {
  return kind === 'percent' ? `${value}%` : formatAmount(value, currency);
}

/** 14:05 UTC */
function timeOf(iso: string): string {
  return `${iso.slice(11, 16)} UTC`;
}

/** March 1, 2026, 14:05 UTC */
function momentOf(iso: string): string {
  const day = new Intl.DateTimeFormat('en-US', { dateStyle: 'long', timeZone: 'UTC' }).format(new Date(iso));
  return `${day}, ${timeOf(iso)}`;
}
