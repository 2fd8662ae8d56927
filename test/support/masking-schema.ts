/**
 * A shop's database as the masking finds it: keys of every sort (surrogate, natural, composite, self-referring), foreign
 * keys with every action on update, unique columns with few values, dirty values, and names that need quoting.
 */
export const SHOP = `
CREATE EXTENSION IF NOT EXISTS citext;
CREATE DOMAIN phone_number AS varchar(24);
CREATE TABLE customers (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email varchar(120) NOT NULL UNIQUE,
  customer_no text NOT NULL UNIQUE,
  full_name varchar(9),
  phone phone_number,
  birth_date date,
  address text,
  city char(20),
  national_id char(9) UNIQUE,
  external_id uuid UNIQUE,
  credit_limit numeric(10,2),
  score double precision,
  last_seen timestamptz,
  password_reset text,
  status text NOT NULL DEFAULT 'active'
);
CREATE TABLE orders (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer_id bigint NOT NULL REFERENCES customers,
  buyer_email varchar(120) NOT NULL REFERENCES customers (email),
  recipient_email varchar(120) REFERENCES customers (email) ON UPDATE CASCADE,
  customer_no text NOT NULL REFERENCES customers (customer_no) ON UPDATE RESTRICT,
  total numeric(10,2) NOT NULL
);
CREATE INDEX ON orders (buyer_email);
CREATE INDEX ON orders (recipient_email);
CREATE INDEX ON orders (customer_no);
CREATE TABLE payments (
  order_id bigint NOT NULL REFERENCES orders,
  line smallint NOT NULL,
  card_number text,
  card_holder text,
  PRIMARY KEY (order_id, line)
);
CREATE TABLE support_tickets (
  ticket uuid PRIMARY KEY,
  email citext,
  "Phone number" text,
  body text
);
CREATE TABLE employees (
  number int NOT NULL,
  email text PRIMARY KEY,
  manager_email text REFERENCES employees (email) DEFERRABLE INITIALLY DEFERRED,
  badge text NOT NULL UNIQUE
);
CREATE TABLE reviews (
  employee_email text REFERENCES employees (email),
  year int,
  remark text,
  reviewer_name text,
  PRIMARY KEY (employee_email, year)
);
`;

/** Rows for `SHOP`: `customers` customers, twice as many orders, three payments for every two orders. */
export const shopRows = (customers: number) => `
INSERT INTO customers (email, customer_no, full_name, phone, birth_date, address, city, national_id, external_id,
  credit_limit, score, last_seen, password_reset)
SELECT 'Person.' || i || '@Example' || i % 7 || '.com', 'C-' || lpad(i::text, 5, '0'), 'Person ' || i % 50,
  CASE i % 4 WHEN 0 THEN '+49 (30) 555-' || lpad(i::text, 4, '0') WHEN 1 THEN '030/5550' || i WHEN 2 THEN NULL
    ELSE '(415) 555-' || lpad(i::text, 4, '0') END,
  date '1950-01-01' + i % 20000, i || ' Secret Lane', 'Realtown',
  lpad((i * 7919 % 1000000)::text, 9, '1'), md5(i::text)::uuid, i * 1.5, i * 0.1,
  timestamptz '2024-01-01 10:00:00.125+02' + i * interval '1 hour', CASE WHEN i % 3 = 0 THEN 'token-' || i END
FROM generate_series(1, ${customers}) AS i;
INSERT INTO orders (customer_id, buyer_email, recipient_email, customer_no, total)
SELECT c.id, c.email, r.email, c.customer_no, c.id
FROM customers c CROSS JOIN generate_series(0, 1) AS n
  LEFT JOIN customers r ON r.id = (c.id + n) % ${customers} AND n = 1;
INSERT INTO payments
SELECT id, line, '4111 1111 ' || lpad((id % 10000)::text, 4, '0') || ' 1111', 'Real Person ' || id
FROM orders CROSS JOIN generate_series(1, 2) AS line WHERE id % 2 = 0 OR line = 1;
INSERT INTO support_tickets
SELECT md5('t' || id)::uuid, upper(email), phone, 'I am ' || full_name || ', call me at ' || phone FROM customers WHERE id % 5 = 0;
INSERT INTO employees
SELECT i, 'staff' || i || '@corp.com', CASE WHEN i > 1 THEN 'staff' || i / 2 || '@corp.com' END, lpad(i::text, 3, '0')
FROM generate_series(1, 30) AS i;
INSERT INTO reviews SELECT email, 2024, 'Not good enough', 'Boss of ' || badge FROM employees WHERE badge < '020';
`;

export const SHOP_RULES = {
  version: 1,
  tables: {
    'public.customers': {
      onMissing: 'fail',
      columns: {
        email: 'email',
        customer_no: 'pattern',
        full_name: 'name',
        phone: 'phone',
        birth_date: { kind: 'date', min: '1940-01-01', max: '2005-12-31' },
        address: 'address',
        city: 'pattern',
        national_id: 'pattern',
        external_id: 'uuid',
        credit_limit: { kind: 'number', min: 100, max: 5000 },
        score: { kind: 'number', min: 0, max: 1 },
        last_seen: { kind: 'date', days: 30 },
        password_reset: 'null',
      },
    },
    'public.orders': { columns: { buyer_email: 'email', recipient_email: 'email', customer_no: 'pattern' } },
    'public.payments': { columns: { card_number: 'card', card_holder: 'name' } },
    'public.support_tickets': {
      columns: { email: 'email', 'Phone number': 'phone', body: 'redact', nickname: 'name' },
    },
    'public.reviews': { columns: { remark: 'redact', reviewer_name: 'name' } },
    'public.employees': { columns: { email: 'email', manager_email: 'email', badge: 'pattern' } },
    'public.newsletter': { columns: { email: 'email' } },
  },
};

export const SHOP_TABLES = ['customers', 'orders', 'payments', 'support_tickets', 'employees', 'reviews'];
