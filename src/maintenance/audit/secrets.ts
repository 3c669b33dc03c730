import type { AccountDirectory } from '../../core/accounts.ts';
import type { JobRecord } from '../../core/ledger.ts';
import type { Findings } from './invariant.ts';
import type { AuditContext, NamedText } from './ports.ts';

/** A text that must not be found, and what it is called where it is. */
interface Forbidden {
  readonly what: string;
  readonly text: string;
}

/** Shorter texts are found by accident. */
const MIN_LENGTH = 8;
const MIN_PROMPT_LENGTH = 16;

/** I7. Looks for the accounts' keys, and with encryption for prompts, wherever a job leaves text behind. */
export async function auditSecrets(findings: Findings, context: AuditContext): Promise<void> {
  const { ports, isSealing, historyLimit } = context;
  const keys = readKeys(ports.accounts, findings);
  const prompts = isSealing ? await readPrompts(context) : [];
  if (!isSealing) findings.note('there is no encryption: prompts and result URLs are readable');
  const forbidden = [...keys, ...prompts];
  await scan(rowsOf(context), forbidden, findings, context);
  await scan(ports.spoolFiles(), forbidden, findings, context);
  await scan(ports.histories(historyLimit), forbidden, findings, context);
}

async function scan(
  texts: AsyncIterable<NamedText>,
  forbidden: readonly Forbidden[],
  findings: Findings,
  { signal }: AuditContext,
): Promise<void> {
  for await (const { name, text } of texts) {
    signal.throwIfAborted();
    findings.count(1);
    for (const { what, text: secret } of forbidden) {
      if (text.includes(secret)) findings.violate(`${name} holds ${what}`);
    }
  }
}

async function* rowsOf({ ports }: AuditContext): AsyncGenerator<NamedText> {
  for await (const { table, key, text } of ports.ledger.rows()) {
    yield { name: `row ${key} of table ${table}`, text };
  }
}

function readKeys(accounts: AccountDirectory, findings: Findings): readonly Forbidden[] {
  const keys: Forbidden[] = [];
  for (const { account } of accounts.values()) {
    const text = reveal(account.apiKey);
    if (text === undefined)
      findings.note(`the key of account ${account.name} is not here to be looked for`);
    else if (text.length < MIN_LENGTH)
      findings.note(`the key of account ${account.name} is too short to be looked for`);
    else keys.push({ what: `the key of account ${account.name}`, text });
  }
  return keys;
}

/** A machine that only looks may lack the keys. */
function reveal(key: { reveal(): string }): string | undefined {
  try {
    return key.reveal();
  } catch {
    return undefined;
  }
}

async function readPrompts({ ports, historyLimit }: AuditContext): Promise<readonly Forbidden[]> {
  const jobs = await ports.ledger.jobs({ limit: historyLimit });
  return jobs.flatMap(toForbiddenPrompt);
}

/** The longest part of the prompt that no JSON text, however deep, writes in another way. */
function toForbiddenPrompt({ jobId, input }: JobRecord): readonly Forbidden[] {
  const parts = (input?.request.prompt ?? '').split(/["\\\p{Cc}\u2028\u2029]/u);
  const text = parts.reduce((longest, part) => (part.length > longest.length ? part : longest), '');
  return text.length < MIN_PROMPT_LENGTH ? [] : [{ what: `the prompt of job ${jobId}`, text }];
}
