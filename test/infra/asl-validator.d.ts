declare module 'asl-validator' {
  /** Checks a state machine against the JSON schemas of the Amazon States Language. */
  export default function validate(definition: object): {
    readonly isValid: boolean;
    readonly errorsText: () => string;
  };
}
