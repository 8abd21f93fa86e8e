import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Stream;
import org.openapitools.client.*;
import org.openapitools.client.api.*;
import org.openapitools.client.model.*;

/**
 * Reads every promotion of every tenant, and sends it back whole: what the generated types cannot hold would be lost or
 * refused. It needs SERVICE_URL and OPERATOR_KEY.
 */
public class Promotions {
    public static void main(String[] arguments) throws Exception {
        var operator = new TenantsApi(with(System.getenv("OPERATOR_KEY")));
        for (var tenant : operator.listTenants(200, null).getItems()) {
            var key = operator.createTenantKey(tenant.getId(), new KeyInput().role(KeyRole.ADMIN));
            var client = with(key.getKey());
            var listed = new PromotionsApi(client).listPromotions(null, null, null, null, null, null, null, null, null, null, null, 200, null).getItems();
            for (var promotion : listed) {
                replace(client, promotion.getId());
            }
            System.out.println("java: " + listed.size() + " promotions of " + tenant.getName() + " read and replaced");
        }
    }

    static void replace(ApiClient client, UUID id) throws Exception {
        var promotions = new PromotionsApi(client);
        var answer = promotions.readPromotionWithHttpInfo(id);
        var mapper = client.getObjectMapper();
        var promotion = answer.getData();
        var whole = mapper.readValue(mapper.writeValueAsString(promotion), PromotionReplacement.class);
        var replaced = promotions.replacePromotion(id, answer.getHeaders().get("etag").get(0), whole, null);
        if (!terms(promotion).equals(terms(replaced))) {
            throw new AssertionError(promotion + " has become " + replaced);
        }
    }

    /** Compared as they are read: null and left out are the same. */
    static List<String> terms(Promotion promotion) {
        var parts = Stream.of(promotion.getConditions(), promotion.getBenefit(), promotion.getSchedule(), promotion.getLimits());
        return parts.map(Objects::toString).toList();
    }

    static ApiClient with(String key) {
        var client = new ApiClient();
        client.updateBaseUri(System.getenv("SERVICE_URL"));
        client.setRequestInterceptor(request -> request.header("authorization", "Bearer " + key));
        // The generated classes refuse a null condition, which the service sends where there is none.
        client.setObjectMapper(client.getObjectMapper().setDefaultSetterInfo(JsonSetter.Value.forValueNulls(Nulls.SKIP)));
        return client;
    }
}
