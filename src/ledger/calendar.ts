const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/;
const MONTH_LENGTH = 7;

/** True for `YYYY-MM`. */
export function isMonth(text: string): boolean {
  return MONTH.test(text);
}

/** `YYYY-MM` of a time, UTC. Takes ISO 8601. */
export function monthOf(at: string): string {
  return at.slice(0, MONTH_LENGTH);
}

/** The first moment after a month. */
export function endOfMonth(month: string): string {
  const [year = '', number = ''] = month.split('-');
  return new Date(Date.UTC(Number(year), Number(number), 1)).toISOString();
}

/** When something is booked that happened at `at`: a month that is closed, and all before it, take nothing any more. */
export function toBookedTime(at: string, closedMonth: string | null): string {
  return closedMonth === null || monthOf(at) > closedMonth ? at : endOfMonth(closedMonth);
}
