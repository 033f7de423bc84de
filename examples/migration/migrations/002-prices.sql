ALTER TABLE products ADD COLUMN cents integer NOT NULL DEFAULT 0;
UPDATE products SET cents = 350 WHERE name = 'tea';
UPDATE products SET cents = 420 WHERE name = 'coffee';
