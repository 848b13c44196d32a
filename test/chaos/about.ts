type Input = Readonly<Record<string, unknown>>;

export interface Command {
  readonly input: Input;
  readonly constructor: { readonly name: string };
}

/** The command's name without its suffix. */
export function operationOf(command: Command): string {
  return command.constructor.name.replace(/Command$/, '');
}

/** What a command is about, for the trace: the execution, token or topic. */
export function aboutService(input: Input): string {
  const name =
    input.name ?? input.executionArn ?? input.taskToken ?? input.TopicArn ?? input.statusFilter ?? '';
  return String(name).split(':').at(-1) ?? '';
}

/** The same of DynamoDB: the keys of what is read or written. */
export function aboutItems(input: Input): string {
  const actions = Array.isArray(input.TransactItems) ? (input.TransactItems as Input[]) : undefined;
  if (!actions) return aboutItem(input);
  return actions
    .flatMap((action) => Object.entries(action).map(([kind, on]) => `${kind} ${aboutItem(on as Input)}`))
    .join(' + ');
}

function aboutItem({ TableName, Key, Item, ExpressionAttributeValues, RequestItems }: Input): string {
  const key = (Key ?? Item ?? {}) as Input;
  const values = [key.pk ?? key.productId ?? key.list, key.sk].filter(Boolean).join(' ');
  if (values !== '') return values;
  if (RequestItems) return Object.keys(RequestItems as object).join(',');
  return `${String(TableName)} ${Object.values((ExpressionAttributeValues ?? {}) as object).join(' ')}`;
}
