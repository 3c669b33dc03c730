import { createLogger } from '../../../src/cli/logger.ts';
import { captureTerminal } from './captured-terminal.ts';

describe('the log', () => {
  it('is one line per message with its facts, on stderr only', () => {
    const terminal = captureTerminal();
    const logger = createLogger({ terminal, isJson: false, isVerbose: false });

    logger.info('task accepted', { jobId: 'a', note: 'two words', polls: 3 });

    expect(terminal.err()).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:.]+Z info {2}task accepted jobId=a note="two words" polls=3\n$/,
    );
    expect(terminal.out()).toBe('');
  });

  it('is JSON lines where asked', () => {
    const terminal = captureTerminal();
    const logger = createLogger({ terminal, isJson: true, isVerbose: false });

    logger.warn('slow', { seconds: 4 });

    expect(JSON.parse(terminal.err())).toMatchObject({
      level: 'warn',
      message: 'slow',
      seconds: 4,
    });
  });

  it('holds details only where asked', () => {
    const quiet = captureTerminal();
    const verbose = captureTerminal();

    createLogger({ terminal: quiet, isJson: false, isVerbose: false }).debug('detail');
    createLogger({ terminal: verbose, isJson: false, isVerbose: true }).debug('detail');

    expect(quiet.err()).toBe('');
    expect(verbose.err()).toContain('detail');
  });

  it.each([true, false])('never holds a prompt, a key or a signed URL (JSON: %s)', (isJson) => {
    const terminal = captureTerminal();
    const logger = createLogger({ terminal, isJson, isVerbose: false });

    logger.info('trouble with https://cdn.example/x.mp4?sig=deadbeef', {
      prompt: 'PRIVATE',
      request: { model: 'a/b', prompt: 'PRIVATE' },
      header: 'Bearer PRIVATE',
      key: 'sk-PRIVATE1',
      error: { code: 'x', message: 'y', stack: 'PRIVATE' },
    });

    expect(terminal.err()).not.toMatch(/PRIVATE|deadbeef/);
    expect(terminal.err()).toContain('a/b');
  });
});
