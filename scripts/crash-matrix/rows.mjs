// The rows of the crash matrix: a fault, what must hold, and the tests that show it. A test belongs to a row if its full
// name holds the row's id as a word, e.g. "[C3 F1]", or one of the row's quotes.

export const ROWS = [
  row(
    'C1',
    'killed before the commit that admits or arms the submission',
    'nothing was sent; the next number is submitted',
  ),
  row(
    'C2',
    'killed between arming and the first byte',
    'unknown, then held; nothing is sent again',
  ),
  row(
    'C3',
    'killed after the POST, before its reply',
    'found in the list or by a callback, else held',
  ),
  row(
    'C4',
    'killed after the reply was read, before the ledger has it',
    'adopted from the heartbeat where it arrived, else as C3',
  ),
  row('C5', 'killed with the outcome in the spool only', 'drained at the next start'),
  row(
    'C6',
    'killed after the ledger has the outcome, before Temporal has it',
    'adopted from the ledger, no request',
  ),
  row(
    'C7',
    'killed while following the task',
    'read again by the next worker',
    'leaves the job to the next worker: one create, one file',
  ),
  row(
    'C8',
    'killed in the middle of a download',
    'a temporary is left; the next attempt goes on from it, or fetches the file again',
  ),
  row(
    'C9',
    'killed after the temporary was flushed, before it was published',
    'nothing at the key; fetched again',
  ),
  row(
    'C10',
    'killed after publishing, before the record',
    'the same bytes are found; one object, one record',
  ),
  row('C11', 'killed during a multipart upload', 'no object; the sweep aborts the upload'),
  row('C12', 'killed before the charge is committed', 'charged once by the next run'),
  row('C13', 'killed after the charge was committed', 'the charge is found, not repeated'),
  row(
    'C14',
    'killed while a batch starts its jobs',
    'the next worker goes on; every item is bought once',
  ),
  row(
    'C15',
    'a transfer that kills its worker each time',
    'held after five; tried again when asked',
  ),
  row(
    'C16',
    'SIGTERM while submitting',
    'no new POST after the signal; one in flight is waited for',
  ),
  row('F1', 'Temporal away before, during and after the POST', 'jobs are late; one create each'),
  row(
    'F2',
    'the ledger away',
    'no POST without a permission; an outcome in hand goes to the spool',
  ),
  row('F3', 'the answer to a COMMIT lost', 'the row is read again, never assumed rolled back'),
  row(
    'F4',
    'S3 away, refusing, overloaded, or with an object at the key',
    'retried or told to the operator; the same bytes are success, others never replace',
  ),
  row(
    'F5',
    'a disk full, read-only or failing',
    'the worker submits nothing until its spool takes records; a transfer is repeated, the render never',
  ),
  row(
    'F6',
    'provider errors: 5xx, 429 with any Retry-After',
    'create: submitted again only where nothing was accepted',
  ),
  row(
    'F7',
    'connection refused, no DNS, no TLS, timeouts, drip feed',
    'proof of "not sent", or unknown',
  ),
  row(
    'F8',
    'an unreadable answer to a create',
    'unknown with the bytes as evidence; a complete id is salvaged',
  ),
  row('F12', 'a task or URL that dies', 'one fresh reading; then expired, its cost kept'),
  row(
    'F14',
    'a download that is short, long, packed, endless, the wrong kind, or points inside',
    'never published, a precise code, nothing bought again',
  ),
  row('F15', 'clocks that run out or disagree', 'counted by our own, the most urgent first'),
  row('F16', 'a callback that is early, late, wrong or forged', 'it only wakes; a reading decides'),
  row('F18', 'changed workflow code', 'released histories replay'),
  row(
    'F19',
    'a payload key that is missing',
    'retried and told, never corrupt',
    'alerts, ends no job and sends nothing',
  ),
  row('F20', 'two processes on one ledger', 'one permission, one POST'),
  row(
    'F22',
    'cancel in a race with submit or success',
    'a POST in flight is never cut; its outcome counts',
  ),
  row('F23', 'one job id started many times', 'one create; another request is a conflict'),
  row(
    'F24',
    'the workflow terminated or deleted by hand',
    'the sweep runs the job again; nothing is bought',
  ),
  row(
    'F26',
    'an end without proof of billing',
    'booked as unknown, with a discrepancy',
    'money of which nothing proves that it is owed is unknown until it is settled',
  ),
  row('F28', 'an operator’s decision sent twice, or racing', 'one decision, one create at most'),
];

function row(id, fault, holds, ...quotes) {
  return { id, fault, holds, quotes };
}
