/** Walks start one process after the other, and the machine may have other work. */
jest.setTimeout(120_000);
