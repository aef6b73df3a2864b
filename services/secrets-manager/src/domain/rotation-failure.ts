/** Why a rotation cannot even begin, with what people are told. */
const REASONS = {
  'password-unknown': 'the current password of the account is not known',
  'main-password-unknown': 'the password of the main account is not known',
} as const;

export class NotRotatable extends Error {
  override readonly name = 'NotRotatable';

  constructor(reason: keyof typeof REASONS) {
    super(REASONS[reason]);
  }
}
