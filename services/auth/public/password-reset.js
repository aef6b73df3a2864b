/** The page behind the link by which somebody sets a new password. */

import { API, resetOutcome } from './login-steps.js';
import { askAgain, onNewPassword, post, showStep, takeToken } from './page.js';

const token = takeToken();

onNewPassword(async password => {
  const outcome = resetOutcome(await post(API.resetPassword, { token, new_password: password }));
  if (typeof outcome === 'string') showStep(outcome);
  else askAgain('new-password', outcome.text);
});

showStep(token === '' ? 'over' : 'new-password');
