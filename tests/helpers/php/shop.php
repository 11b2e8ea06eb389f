<?php
// A small shop over rpc/encoded, for tests/integration/test_php_soap.py. Documents are kept in the file SHOP_DATA.
// Objects that stand in a reply twice are written once by ext-soap and referred to (id and href).

declare(strict_types=1);

if (($_SERVER['PHP_AUTH_USER'] ?? '') !== 'rebated' || ($_SERVER['PHP_AUTH_PW'] ?? '') !== getenv('SHOP_PASSWORD')) {
    header('WWW-Authenticate: Basic realm="shop"');
    http_response_code(401);
    exit;
}
$wsdl = getenv('SHOP_WSDL');
if ($_SERVER['REQUEST_METHOD'] === 'GET') {
    header('Content-Type: text/xml; charset=utf-8');
    readfile($wsdl);
    exit;
}

final class Shop
{
    private $file;
    private array $kept;

    public function __construct()
    {
        $this->file = fopen(getenv('SHOP_DATA'), 'c+');
        flock($this->file, LOCK_EX);
        $this->kept = json_decode(stream_get_contents($this->file), true);
    }

    public function listDocuments(string $since, int $after, int $count): array
    {
        $from = new DateTimeImmutable($since);
        $found = array_filter(
            $this->kept['documents'],
            fn (array $each): bool => $each['id'] > $after && new DateTimeImmutable($each['changed']) >= $from
        );
        return $this->told(array_slice(array_values($found), 0, $count));
    }

    public function getDocument(int $id): object
    {
        return $this->told([$this->kept['documents'][$this->place($id)]])[0];
    }

    public function findByReference(string $reference): array
    {
        return $this->told(
            array_values(array_filter($this->kept['documents'], fn (array $each): bool => $each['reference'] === $reference))
        );
    }

    public function createDocument(object $document): int
    {
        if (!isset($this->kept['customers'][$document->customer->id])) {
            throw new SoapFault('Client.Refused', "there is no customer {$document->customer->id}");
        }
        $lines = array_map(fn (object $line): array => (array) $line, $document->lines);
        $id = count($this->kept['documents']) + 1;
        $this->kept['documents'][] = [
            'id' => $id,
            'number' => null,
            'type' => $document->type,
            'state' => 'draft',
            'customer' => $document->customer->id,
            'issued' => $document->issued,
            'changed' => gmdate('Y-m-d\TH:i:s\Z'),
            'currency' => $document->currency,
            'net' => $document->net,
            'tax' => $document->tax,
            'reference' => $document->reference,
            'lines' => $lines,
        ];
        $this->keep();
        return $id;
    }

    public function postDocument(int $id): string
    {
        $document = &$this->kept['documents'][$this->place($id)];
        if ($document['state'] === 'draft') {
            $document['state'] = 'posted';
            $document['number'] = sprintf('GS-%04d', ++$this->kept['last_number']);
            $this->keep();
        }
        return $document['number'];
    }

    private function place(int $id): int
    {
        foreach ($this->kept['documents'] as $place => $each) {
            if ($each['id'] === $id) {
                return $place;
            }
        }
        throw new SoapFault('Client.NotFound', "there is no document $id");
    }

    private function told(array $documents): array
    {
        $customers = array_map(fn (array $each): object => (object) $each, $this->kept['customers']);
        return array_map(function (array $each) use ($customers): object {
            $each['customer'] = $customers[$each['customer']];
            $each['lines'] = array_map(fn (array $line): object => (object) $line, $each['lines']);
            return (object) $each;
        }, $documents);
    }

    private function keep(): void
    {
        ftruncate($this->file, 0);
        rewind($this->file);
        fwrite($this->file, json_encode($this->kept));
        fflush($this->file);
    }
}

$server = new SoapServer($wsdl, ['features' => SOAP_SINGLE_ELEMENT_ARRAYS, 'cache_wsdl' => WSDL_CACHE_NONE]);
$server->setObject(new Shop());
$server->handle();
