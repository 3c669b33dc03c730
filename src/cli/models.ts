import type { AccountDirectory, AccountEntry } from '../core/accounts.ts';
import { RequestError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { Price } from '../core/money.ts';
import { formatMoney } from '../core/money.ts';
import type { Model } from '../core/provider.ts';
import { nearestName } from '../schema/nearest-name.ts';
import type { CommandHost, RegisterCommand } from './host.ts';
import { print, printJson } from './host.ts';
import { loadInstallation } from './session.ts';
import { renderFacts, renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';

export const registerModels: RegisterCommand = (program, host) => {
  program
    .command('models')
    .description('the models of the configured accounts, their parameters and prices')
    .argument('[account[/model]]', 'only these')
    .option('--json', 'print JSON lines')
    .action(async (filter: string | undefined, { json = false }: { json?: boolean }) => {
      host.exitWith(await models(host, filter, json));
    })
    .addHelpText(
      'after',
      '\nExamples:\n  $ pollux models\n  $ pollux models nexusflow\n  $ pollux models nexusflow/wan2.6-t2v\n  $ pollux models --json\n',
    );
};

/** An id that no list holds: who knows it passes every model through. */
const UNLISTED = 'unlisted';

interface AccountModel {
  readonly account: string;
  readonly model: Model;
}

async function models(
  host: CommandHost,
  filter: string | undefined,
  isJson: boolean,
): Promise<number> {
  const { terminal } = host;
  const { accounts } = await loadInstallation(host);
  const found = findModels(accounts, filter);
  if (isJson) {
    for (const { account, model } of found) {
      const { id, kind, parameters, prices } = model;
      printJson(terminal, { account, model: id, kind: kind ?? null, parameters, prices });
    }
    return 0;
  }
  const [only] = found;
  if (filter?.includes('/') === true && only !== undefined) describeModel(terminal, only);
  else printTable(terminal, accounts, found);
  return 0;
}

/** Throws `request.invalid` for an account or model that there is not. */
function findModels(
  accounts: AccountDirectory,
  filter: string | undefined,
): readonly AccountModel[] {
  if (filter === undefined) return [...accounts.values()].flatMap(modelsOf);
  const slash = filter.indexOf('/');
  const accountName = slash < 0 ? filter : filter.slice(0, slash);
  const entry = accounts.get(accountName);
  if (entry === undefined) {
    throw unknown('account', accountName, [...accounts.keys()]);
  }
  if (slash < 0) return modelsOf(entry);
  const id = filter.slice(slash + 1);
  const model = entry.provider.models.find(id);
  if (model === undefined) {
    const ids = entry.provider.models.list().map((known) => known.id);
    throw unknown('model', id, ids);
  }
  return [{ account: accountName, model }];
}

function modelsOf({ account, provider }: AccountEntry): readonly AccountModel[] {
  return provider.models.list().map((model) => ({ account: account.name, model }));
}

function unknown(field: string, name: string, known: readonly string[]): RequestError {
  const nearest = nearestName(name, known);
  const hint =
    nearest === undefined ? `there are: ${known.join(', ')}` : `did you mean ${nearest}?`;
  return new RequestError(
    'request.invalid',
    `${field} (${JSON.stringify(name)}): is not known; ${hint}`,
  );
}

function printTable(
  terminal: Terminal,
  accounts: AccountDirectory,
  found: readonly AccountModel[],
): void {
  if (found.length > 0) {
    terminal.stdout.write(
      renderTable(
        ['MODEL', 'KIND', 'PRICES', 'PARAMETERS'],
        found.map(({ account, model }) => [
          `${account}/${model.id}`,
          model.kind ?? '?',
          model.prices.map(describePrice).join(', ') || 'unknown',
          parameterNames(model).join(' '),
        ]),
      ),
    );
  }
  for (const { account, provider } of accounts.values()) {
    if (provider.models.find(UNLISTED) === undefined) continue;
    print(terminal, `${account.name}/…  any other model of the gateway, as it names it`);
  }
}

function describeModel(terminal: Terminal, { account, model }: AccountModel): void {
  print(terminal, `${account}/${model.id}`);
  terminal.stdout.write(
    renderFacts([
      ['kind', model.kind ?? 'the result tells'],
      ...(model.prices.length === 0
        ? [['price', 'unknown'] as const]
        : model.prices.map(
            (price) => ['price', `${describePrice(price)} — ${price.source}`] as const,
          )),
    ]),
  );
  const required = requiredNames(model.parameters);
  const rows = Object.entries(propertiesOf(model.parameters)).map(([name, schema]) => [
    name,
    required.includes(name) ? 'required' : '',
    describeSchema(schema),
  ]);
  if (rows.length > 0) terminal.stdout.write(renderTable(['PARAMETER', '', 'RULE'], rows));
}

/** `0.09 USD/s 720P` */
function describePrice({ currency, micros, unit, when }: Price): string {
  const per = unit === 'second' ? 's' : unit;
  const audio = when.audio === undefined ? undefined : when.audio ? 'with audio' : 'without audio';
  const conditions = [when.resolution, audio].filter((fact) => fact !== undefined);
  return [`${formatMoney({ currency, micros })}/${per}`, ...conditions].join(' ');
}

function parameterNames({ parameters }: Model): readonly string[] {
  const required = requiredNames(parameters);
  return Object.keys(propertiesOf(parameters)).map((name) =>
    required.includes(name) ? `${name}*` : name,
  );
}

function propertiesOf(schema: JsonObject): JsonObject {
  const properties = schema['properties'];
  return isObject(properties) ? properties : {};
}

function requiredNames(schema: JsonObject): readonly unknown[] {
  const required = schema['required'];
  return Array.isArray(required) ? (required as readonly unknown[]) : [];
}

/** The rules of one parameter: its JSON Schema without the noise. */
function describeSchema(schema: JsonObject[string]): string {
  if (!isObject(schema)) return '';
  const { description, ...rules } = schema;
  const texts = Object.entries(rules).map(([name, rule]) =>
    typeof rule === 'string' ? `${name} ${rule}` : `${name} ${JSON.stringify(rule)}`,
  );
  return [...texts, ...(typeof description === 'string' ? [description] : [])].join('; ');
}

function isObject(value: JsonObject[string]): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
