<?php
// Sklad, a warehouse over rpc/encoded, for tests/e2e/test_soap_stranger.py. Its books are the SQLite file SKLAD_BOOKS.
// A session is the first argument of everything and holds for four requests. Every answer is a success over HTTP and
// has a status; amounts have a comma, days that are none are 0000-00-00, and a page holds 40 at most.

declare(strict_types=1);
ini_set('soap.wsdl_cache_enabled', '0');
ini_set('display_errors', '0');

const DRAFT = 1;
const POSTED = 2;

final class Refusal extends Exception {}

final class Sklad
{
    private PDO $books;

    public function __construct()
    {
        $this->books = new PDO('sqlite:' . getenv('SKLAD_BOOKS'), null, null, [PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_ASSOC]);
        $this->books->exec('pragma busy_timeout = 20000; pragma synchronous = off');
    }

    public function login(string $username, string $password): string
    {
        if ($username !== 'rebated' || $password !== getenv('SKLAD_PASSWORD')) {
            throw new SoapFault('2', 'Access denied.');
        }
        $session = bin2hex(random_bytes(16));
        $this->rows('insert into session values (?, 4)', $session);
        return $session;
    }

    public function endSession(string $session): bool
    {
        $this->rows('delete from session where id = ?', $session);
        return true;
    }

    public function invoiceList(string $session, array $filters, int $offset, int $limit): object
    {
        return $this->told($session, function () use ($filters, $offset, $limit): array {
            [$where, $values] = ['1 = 1', []];
            foreach ($filters as $filter) {
                $field = ['updated_at' => 'updated'][$filter->field] ?? throw new Refusal("no field $filter->field", 101);
                $where .= " and $field " . ['gteq' => '>=', 'lt' => '<'][$filter->operator] . ' ?';
                $values[] = $filter->value;
            }
            $found = $this->rows("select * from invoice where $where order by id", ...$values);
            $page = array_slice($found, $offset, min($limit, 40));
            return ['total' => count($found), 'invoices' => array_map($this->shown(...), $page)];
        }, ['total' => 0, 'invoices' => []]);
    }

    public function invoiceFind(string $session, string $comment): object
    {
        return $this->told($session, function () use ($comment): array {
            $found = $this->rows('select * from invoice where comment = ? order by id', $comment);
            return ['total' => count($found), 'invoices' => array_map($this->shown(...), $found)];
        }, ['total' => 0, 'invoices' => []]);
    }

    public function invoiceInfo(string $session, int $id): object
    {
        return $this->told($session, fn (): array => ['invoice' => $this->shown($this->invoice($id))]);
    }

    public function creditCreate(string $session, object $credit): object
    {
        return $this->told($session, function () use ($credit): array {
            $this->rows('select * from customer where id = ?', $credit->customer_id) ?: throw new Refusal('Customer does not exist.', 102);
            $this->rows(
                "insert into invoice (type, state, customer, currency, created, updated, comment) values ('credit', ?, ?, ?, ?, ?, ?)",
                DRAFT, $credit->customer_id, $credit->currency, $credit->created_at, gmdate('Y-m-d H:i:s'), $credit->comment
            );
            $id = (int) $this->books->lastInsertId();
            foreach ($credit->items as $item) {
                preg_match('/^-\d+,\d\d$/', $item->row_total) ?: throw new Refusal("Bad amount: $item->row_total", 102);
                $net = (int) str_replace(',', '', $item->row_total);
                $this->rows('insert into item values (?, ?, ?, ?, ?)', $id, $item->name, '1', $net, (int) $item->vat_rate);
            }
            return ['id' => $id];
        });
    }

    public function invoiceConfirm(string $session, int $id): object
    {
        return $this->told($session, function () use ($id): array {
            $this->draft($id);
            $number = sprintf('SK%06d', $this->rows('select count(*) + 1 as next from invoice where number is not null')[0]['next']);
            $this->rows('update invoice set state = ?, number = ?, updated = ? where id = ?', POSTED, $number, gmdate('Y-m-d H:i:s'), $id);
            return ['id' => $id];
        });
    }

    public function invoiceCancel(string $session, int $id): object
    {
        return $this->told($session, function () use ($id): array {
            $this->draft($id);
            $this->rows('delete from invoice where id = ?', $id);
            return ['id' => $id];
        });
    }

    public function customerUpdate(string $session, int $customer, array $data): object
    {
        return $this->told($session, function () use ($customer, $data): array {
            foreach ($data as $pair) {
                $this->rows('update customer set tier = ? where id = ?', $pair->value, $customer);
            }
            return ['id' => $customer];
        });
    }

    public function commentAdd(string $session, int $customer, string $text): object
    {
        return $this->told($session, function () use ($customer, $text): array {
            $this->rows('insert into comment (customer, text) values (?, ?)', $customer, $text);
            return ['id' => (int) $this->books->lastInsertId()];
        });
    }

    public function commentList(string $session, int $customer): object
    {
        return $this->told($session, fn (): array => ['comments' => array_map(
            fn (array $row): object => (object) ['comment_id' => (int) $row['id'], 'customer_id' => (int) $row['customer'], 'text' => $row['text']],
            $this->rows('select * from comment where customer = ? order by id', $customer)
        )], ['comments' => []]);
    }

    /** What the work gives, in one transaction, beside its status; `otherwise` where it is refused. */
    private function told(string $session, callable $work, array $otherwise = []): object
    {
        $this->books->exec('begin immediate');
        try {
            $this->rows('delete from session where held = 0');
            $this->rows('update session set held = held - 1 where id = ?', $session);
            $this->rows('select * from session where id = ?', $session) ?: throw new Refusal('Session expired. Try to relogin.', 5);
            $found = ['status' => (object) ['code' => 0, 'message' => 'OK'], ...$work()];
        } catch (Refusal $refusal) {
            $found = ['status' => (object) ['code' => $refusal->getCode(), 'message' => $refusal->getMessage()], ...$otherwise];
        }
        $this->books->exec('commit');
        return (object) $found;
    }

    private function invoice(int $id): array
    {
        return $this->rows('select * from invoice where id = ?', $id)[0] ?? throw new Refusal('Requested invoice not exists.', 103);
    }

    private function draft(int $id): void
    {
        $this->invoice($id)['state'] === DRAFT || throw new Refusal('It is no draft.', 104);
    }

    private function shown(array $row): object
    {
        $items = $this->rows('select * from item where invoice = ? order by rowid', $row['id']);
        $tax = fn (array $item): int => (int) round($item['net'] * $item['rate'] / 100);
        return (object) [
            'invoice_id' => $row['id'],
            'type' => $row['type'],
            'state' => $row['state'],
            'increment_id' => $row['number'],
            'customer_id' => $row['customer'],
            'currency' => $row['currency'],
            'created_at' => $row['created'],
            'due_at' => '0000-00-00',
            'paid_at' => '0000-00-00 00:00:00',
            'updated_at' => $row['updated'],
            'comment' => $row['comment'],
            'subtotal' => $this->comma(array_sum(array_column($items, 'net'))),
            'tax_amount' => $this->comma(array_sum(array_map($tax, $items))),
            'items' => array_map(fn (array $item): object => (object) [
                'sku' => '',
                'name' => $item['name'],
                'qty' => $item['qty'],
                'row_total' => $this->comma($item['net']),
                'vat_rate' => "{$item['rate']},00",
                'vat_amount' => $this->comma($tax($item)),
            ], $items),
        ];
    }

    private function comma(int $cents): string
    {
        return sprintf('%s%d,%02d', $cents < 0 ? '-' : '', intdiv(abs($cents), 100), abs($cents) % 100);
    }

    private function rows(string $query, mixed ...$values): array
    {
        $statement = $this->books->prepare($query);
        $statement->execute($values);
        return $statement->fetchAll();
    }
}

$server = new SoapServer(getenv('SKLAD_WSDL'));
$server->setObject(new Sklad());
$server->handle();
