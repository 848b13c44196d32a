import type * as z from 'zod';
import { type Content, type Drafts, layOut, type Occasion } from '../content.ts';
import type { AudienceRole, Channel, Facts, NotificationType, notificationEvents } from '../notification.ts';

/** Makes the content of one channel of a message's data. @throws ZodError when the data are not the event's facts */
export type Render<C extends Channel> = (data: unknown, occasion: Occasion) => Content[C];

/** A text for each channel that the event has for a role. One that is missing, or one too many, does not compile. */
type RoleTexts<F, C extends Channel> = {
  readonly [K in C]: (facts: F, occasion: Occasion) => Drafts[K];
};
type ChannelsFor<T extends NotificationType, R> = R extends keyof (typeof notificationEvents)[T]['audience']
  ? (typeof notificationEvents)[T]['audience'][R] extends { readonly channels: readonly (infer C)[] }
    ? Extract<C, Channel>
    : never
  : never;
export type EventTexts<T extends NotificationType> = {
  readonly [R in keyof (typeof notificationEvents)[T]['audience']]: RoleTexts<Facts<T>, ChannelsFor<T, R>>;
};

export type RenderTable = Readonly<Partial<Record<AudienceRole, { readonly [C in Channel]?: Render<C> }>>>;
type LooseTexts<F> = Readonly<
  Partial<Record<AudienceRole, { readonly [C in Channel]?: (facts: F, occasion: Occasion) => Drafts[C] }>>
>;

/** Puts the check of the facts before the texts and the layout behind them, for every role and channel alike. */
export function rendering<F>(facts: z.ZodType<F>, texts: LooseTexts<F>): RenderTable {
  const roles: readonly AudienceRole[] = ['Customer', 'Manager', 'Admin'];
  const table: Partial<Record<AudienceRole, { readonly [C in Channel]?: Render<C> }>> = {};
  for (const role of roles) {
    const of = texts[role];
    if (of)
      table[role] = {
        ...laidOut('email', facts, of.email),
        ...laidOut('sms', facts, of.sms),
        ...laidOut('push', facts, of.push),
      };
  }
  return table;
}

function laidOut<F, C extends Channel>(
  channel: C,
  facts: z.ZodType<F>,
  text: ((facts: F, occasion: Occasion) => Drafts[C]) | undefined,
): { readonly [K in C]?: Render<C> } {
  if (!text) return {};
  const render: Render<C> = (data, occasion) =>
    layOut[channel](text(facts.parse(data), occasion), occasion.reader);
  const made: { [K in C]?: Render<C> } = {};
  made[channel] = render;
  return made;
}
